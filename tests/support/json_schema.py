"""The part of JSON Schema that our schemas use: check(value, schema) raises AssertionError."""
TYPES = {'object': dict, 'array': list, 'string': str, 'boolean': bool, 'integer': int, 'number': (int, float)}
KNOWN = {'$schema', '$defs', 'title', 'description', 'type', 'required', 'properties', 'additionalProperties', 'items',
         'enum', 'const', 'minimum', '$ref'}


def check(value, schema, whole=None, at='$'):
    whole = whole or schema
    assert set(schema) <= KNOWN, schema
    if '$ref' in schema:
        check(value, whole['$defs'][schema['$ref'].rpartition('/')[2]], whole, at)
        return
    kind = schema.get('type')
    if kind is not None:
        is_bool_for_number = isinstance(value, bool) and kind != 'boolean'
        assert isinstance(value, TYPES[kind]) and not is_bool_for_number, (at, value, kind)
    assert value in schema.get('enum', [value]), (at, value)
    assert value == schema.get('const', value), (at, value)
    if 'minimum' in schema:
        assert value >= schema['minimum'], (at, value)
    if isinstance(value, dict):
        assert set(schema.get('required', ())) <= set(value), (at, set(schema['required']) - set(value))
        rest = schema.get('additionalProperties')
        for name, member in value.items():
            # A member that the schema does not have is not documented.
            own = schema.get('properties', {}).get(name, rest)
            assert own, '%s.%s is not in the schema' % (at, name)
            if own is not True:
                check(member, own, whole, '%s.%s' % (at, name))
    if isinstance(value, list) and 'items' in schema:
        for number, element in enumerate(value):
            check(element, schema['items'], whole, '%s[%d]' % (at, number))
