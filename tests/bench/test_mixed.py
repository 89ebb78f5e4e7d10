"""The mixed trials are those that the server would hand out, stacked as it says."""

from bench import mixed
from trainer.stack import Member


def test_every_trial_stands_in_one_stack_and_a_stack_can_be_trained_together() -> None:
    trials = mixed.draw(count=48, epochs=5)
    stacks = list(mixed.stacks(trials))
    assert sum(map(len, stacks)) == 48
    assert len({stack[0].stack for stack in stacks}) == len(stacks)
    assert all(trial.stack == stack[0].stack for stack in stacks for trial in stack)
    assert {trial.recipe.epochs for trial in trials} == {5}


def test_a_recipe_says_what_the_trial_says() -> None:
    for trial in mixed.draw(count=8, epochs=5):
        assert isinstance(trial.member, Member)
        given = trial.member.hparams
        assert trial.recipe.hidden == (given["hidden_units"],) * given["layers"]
        ours = {name: value for name, value in trial.recipe.hparams().items() if name in given}
        assert ours | {"hidden_units": given["hidden_units"]} == given


def test_another_seed_gives_the_same_hyperparameters_and_other_weights() -> None:
    first, second = mixed.draw(count=2, epochs=5, seed=0), mixed.draw(count=2, epochs=5, seed=1)
    assert [trial.recipe for trial in first] == [trial.recipe for trial in second]
    assert [trial.member.seed for trial in first] != [trial.member.seed for trial in second]
