"""The command ``sufficient``: the question asked from a shell."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from sufficient.command.arguments import parser

__all__ = ["main"]

BAD_INPUT, INTERRUPTED = 2, 130
REFUSALS = ImportError, MemoryError, OSError, RuntimeError, TypeError, ValueError


def main(argv: Sequence[str] | None = None) -> int:
    """Answer the question for a data set or a file.

    Parameters
    ----------
    argv : sequence of str, default=None
        Arguments of the command; None takes those of the process.

    Returns
    -------
    int
        Exit code, as ``sufficient --help`` lists them.
    """
    words = sys.argv[1:] if argv is None else argv
    args = parser().parse_args(words)
    args.words = words
    try:
        # Only now, so that --help and --version answer at once.
        if args.score is not None:
            from sufficient.command.scores import answer_from_scores

            return answer_from_scores(args)
        from sufficient.command.ask import answer

        return answer(args)
    except REFUSALS as error:
        print(f"sufficient: error: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED
