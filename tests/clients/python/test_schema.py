"""graphql-core: what the server tells of its schema is schema.graphql."""

import unittest

import requests
from graphql import (
    build_client_schema,
    build_schema,
    get_introspection_query,
    lexicographic_sort_schema,
    print_schema,
    validate_schema,
)

from world import SDL, URL, headers


class Schema(unittest.TestCase):
    def test_schema_graphql_is_valid(self):
        self.assertEqual(validate_schema(build_schema(SDL)), [])

    def test_introspection_tells_what_schema_graphql_says(self):
        query = get_introspection_query(specified_by_url=True, input_value_deprecation=True)
        answer = requests.post(URL, json={"query": query}, headers=headers(), timeout=30).json()
        self.assertNotIn("errors", answer)
        served = build_client_schema(answer["data"])
        there, here = (
            print_schema(lexicographic_sort_schema(schema)).splitlines()
            for schema in (served, build_schema(SDL))
        )
        self.assertEqual(there, here)


if __name__ == "__main__":
    unittest.main()
