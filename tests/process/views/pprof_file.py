"""Reads a profile of pprof: the messages of profile.proto that it has, and nothing else."""
import gzip

# The numbers of profile.proto: {field: name} of each message; a name in capitals is a list.
PROFILE = {1: 'TYPES', 2: 'SAMPLES', 3: 'MAPPINGS', 4: 'LOCATIONS', 5: 'FUNCTIONS', 6: 'STRINGS', 9: 'time',
           11: 'period_type', 12: 'period', 13: 'COMMENTS', 14: 'default_type'}


def varint(data, at):
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7f) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at


def fields(data):
    """(number of the field, value) of a message: an int, or bytes."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        else:
            assert key & 7 == 2, 'a wire type that profile.proto has not: %d' % (key & 7)
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
            assert len(value) == size
        yield key >> 3, value


def packed(data):
    at, numbers = 0, []
    while at < len(data):
        number, at = varint(data, at)
        numbers.append(number)
    return numbers


class Profile:
    """types and samples: [(name, unit)], [(frames from the innermost on, values)]; a frame is (function, file, line)."""

    def __init__(self, path):
        with open(path, 'rb') as file:
            data = file.read()
        self.is_zipped = data.startswith(b'\x1f\x8b')
        raw = {}
        for number, value in fields(gzip.decompress(data) if self.is_zipped else data):
            raw.setdefault(PROFILE[number], []).append(value)
        self.strings = [text.decode() for text in raw['STRINGS']]
        assert self.strings[0] == '' and len(set(self.strings)) == len(self.strings)
        self.types = [tuple(self.strings[number] for _, number in fields(each)) for each in raw['TYPES']]
        self.default_type = self.strings[raw['default_type'][0]]
        self.comments = [self.strings[number] for number in raw['COMMENTS']]
        self.mappings = self.by_id(raw['MAPPINGS'])
        self.files = [self.strings[each[5]] for each in self.mappings.values()]
        self.functions = self.by_id(raw['FUNCTIONS'])
        self.locations = self.read_locations(raw['LOCATIONS'])
        self.samples = [self.read_sample(dict(fields(each))) for each in raw['SAMPLES']]

    @staticmethod
    def by_id(messages):
        found = {}
        for message in messages:
            read = dict(fields(message))
            assert read[1] != 0 and read[1] not in found
            found[read[1]] = read
        return found

    def read_locations(self, messages):
        """{id: [(function, file, line)]}, inlined ones first."""
        found = {}
        for message in messages:
            read = list(fields(message))
            head = dict(read)
            assert head[1] not in found and head[2] in self.mappings
            found[head[1]] = [self.frame(dict(fields(value))) for number, value in read if number == 4]
            assert found[head[1]] != []
        return found

    def frame(self, line):
        function = self.functions[line[1]]
        name, system_name, file = (self.strings[function[number]] for number in (2, 3, 4))
        assert name != system_name, 'pprof takes the name apart'
        return name, file, line.get(2, 0)

    def read_sample(self, sample):
        frames = [frame for number in packed(sample[1]) for frame in self.locations[number]]
        values = packed(sample[2])
        assert len(values) == len(self.types)
        return frames, values

    def sums(self):
        """{name of a type: sum of all samples}."""
        return {name: sum(values[i] for _, values in self.samples) for i, (name, _) in enumerate(self.types)}
