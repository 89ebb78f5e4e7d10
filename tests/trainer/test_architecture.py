from trainer.architecture import Architecture, architecture_of
from trainer.hyperparameters import complete


def test_a_normalised_layer_has_gamma_and_beta_instead_of_a_bias_and_the_output_layer_a_bias() -> None:
    architecture = Architecture(n_inputs=4, hidden=(3, 2), n_outputs=5, has_batch_norm=True)
    assert list(architecture.param_shapes.items()) == [
        ("w[1]", (4, 3)),
        ("w[2]", (3, 2)),
        ("w[3]", (2, 5)),
        ("beta[1]", (1, 3)),
        ("beta[2]", (1, 2)),
        ("b[3]", (1, 5)),
        ("gamma[1]", (1, 3)),
        ("gamma[2]", (1, 2)),
    ]
    assert architecture.moment_shapes == {"mu[1]": (1, 3), "sigma2[1]": (1, 3), "mu[2]": (1, 2), "sigma2[2]": (1, 2)}
    assert architecture.n_penalised(with_biases=False) == 4 * 3 + 3 * 2 + 2 * 5
    assert architecture.n_penalised(with_biases=True) == 4 * 3 + 3 * 2 + 2 * 5 + 3 + 2 + 5
    assert architecture.n_params == 4 * 3 + 3 * 2 + 2 * 5 + 3 + 2 + 5 + 3 + 2


def test_without_normalisation_every_layer_has_a_bias_and_there_are_no_moments() -> None:
    architecture = Architecture(n_inputs=4, hidden=(3,), n_outputs=5, has_batch_norm=False)
    assert architecture.param_shapes == {"w[1]": (4, 3), "w[2]": (3, 5), "b[1]": (1, 3), "b[2]": (1, 5)}
    assert architecture.moment_shapes == {}


def test_hyperparameters_say_what_the_architecture_is() -> None:
    hparams = complete({"layers": 3, "hidden_units": 7, "hidden_units_2": 9})
    assert architecture_of(hparams, n_inputs=4, n_outputs=5, output="softmax") == Architecture(4, (7, 9, 7), 5, True)


def test_softmax_regression_is_one_layer() -> None:
    architecture = architecture_of(complete({"layers": 0}), n_inputs=4, n_outputs=5, output="softmax")
    assert architecture.param_shapes == {"w[1]": (4, 5), "b[1]": (1, 5)}
    assert architecture.output_layer == 1
