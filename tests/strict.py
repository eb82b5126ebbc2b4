"""JSON as every reader of JSON reads it."""

import json


def strict(text):
    """Read JSON, refusing the NaN and Infinity that Python alone accepts."""

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)
