"""Play the demonstration's cast into an installation: prints the key of its tenant."""

from django.core.management import call_command

import tests.benchmarks.configured  # noqa: F401 models need it
from hashservice.demo.cast import set_up
from hashservice.demo.copies import rendered_pictures


def main() -> None:
    call_command("migrate", interactive=False, verbosity=0)
    print(set_up(rendered_pictures().known).secret)  # noqa: T201 for the process that started us


if __name__ == "__main__":
    main()
