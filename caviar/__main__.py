"""`python -m caviar`: the same as the command `caviar`, whatever the current folder holds.

`python -m` puts the current folder first on the path, and a user's own trainer.py or worker.py there would be taken
for ours. `-P` keeps the folder off the path, so this starts itself again with it before it imports anything else.
"""

import os
import sys

if not sys.flags.safe_path:
    os.execv(sys.executable, [sys.executable, "-P", *sys.orig_argv[1:]])

from caviar.commands.main import main  # not before the line above

main()
