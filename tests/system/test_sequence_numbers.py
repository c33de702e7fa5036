"""Whoever sees sequence numbers of a daemon must not be able to reckon further ones: an ack is known by its number."""
import struct

from harness import Wire

CLAIM, PING = 0x13, 0x01
MASK = 2**64 - 1
WIDTH = 256                             # bits of a xoshiro256** state
SEEN, REST = 6, 6                       # numbers that are looked at, and that are to be foretold


def claim(name, address):
    """Somebody says that the name is his: the daemon asks him whether he is there."""
    def text(value):
        return struct.pack("!H", len(value)) + value.encode()
    message = struct.pack("!BQ", CLAIM, 1) + text(name) + text(address) + struct.pack("!Q", 2**62)
    padding = 300 - len(message) - 3
    return message + struct.pack("!BH", 0, padding) + bytes(padding)


def rotl(bits, k):
    return bits[-k:] + bits[:-k] if k else list(bits)


def step(state):
    """xoshiro256**'s step over words of 64 sums of unknown bits (each a number whose bits say which)."""
    s = [list(word) for word in state]
    t = [0] * 17 + s[1][:-17]
    s[2] = [a ^ b for a, b in zip(s[2], s[0])]
    s[3] = [a ^ b for a, b in zip(s[3], s[1])]
    s[1] = [a ^ b for a, b in zip(s[1], s[2])]
    s[0] = [a ^ b for a, b in zip(s[0], s[3])]
    s[2] = [a ^ b for a, b in zip(s[2], t)]
    s[3] = rotl(s[3], 45)
    return s


def second_word(output):
    """Of the state that gave this output, rotl(s1 * 5, 7) * 9."""
    product = output * pow(9, -1, 2**64) & MASK
    return (product >> 7 | product << 57 & MASK) * pow(5, -1, 2**64) & MASK


def output(word):
    product = word * 5 & MASK
    return (product << 7 & MASK | product >> 57) * 9 & MASK


def foretell(numbers, count):
    """The `count` outputs after these, had all come of one xoshiro256** in a row; None where they have not."""
    state = [[1 << 64 * w + b for b in range(64)] for w in range(4)]
    rows = {}                           # leading bit -> (sum of unknown bits, its value)
    for number in numbers:
        word = second_word(number)
        for b in range(64):
            terms, value = state[1][b], word >> b & 1
            while terms and (row := rows.get(terms.bit_length())):
                terms, value = terms ^ row[0], value ^ row[1]
            if terms:
                rows[terms.bit_length()] = terms, value
            elif value:
                return None
        state = step(state)
    known = 0
    for lead in range(1, WIDTH + 1):
        terms, value = rows[lead]
        lower = terms ^ 1 << lead - 1
        known |= (value ^ (lower & known).bit_count() & 1) << lead - 1
    told = []
    for _ in range(count):
        told.append(output(sum(((terms & known).bit_count() & 1) << b for b, terms in enumerate(state[1]))))
        state = step(state)
    return told


class Xoshiro:
    def __init__(self):
        self.s = [1, 2, 3, 4]

    def __call__(self):
        s = self.s
        result = output(s[1])
        t = s[1] << 17 & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = (s[3] << 45 | s[3] >> 19) & MASK
        return result


def test_the_reckoning_works():
    draw = Xoshiro()
    numbers = [draw() for _ in range(SEEN + REST)]
    assert numbers[:4] == [11520, 0, 1509978240, 1215971899390074240]
    assert foretell(numbers[:SEEN], REST) == numbers[SEEN:]
    assert foretell([*numbers[:SEEN - 1], 1], REST) is None


def test_numbers_cannot_be_foretold(cluster):
    """From a dozen addresses one sees a dozen in a row."""
    daemon = cluster.daemon(options=["--profile", "wan"]).start()
    wires = [Wire(cluster, f"127.0.9.{i + 1}:7946") for i in range(SEEN + REST)]
    for wire in wires:
        wire.send(daemon.address, claim(daemon.name, wire.address))

    def seen():
        return [next((m.seq for _, m in wire.messages(PING)), None) for wire in wires]
    cluster.wait(lambda: None not in seen(), lambda: f"a ping at each: {seen()}")
    numbers = seen()
    assert len(set(numbers)) == len(numbers)
    assert foretell(numbers[:SEEN], REST) is None, "the generator's state is known to whoever is greeted"
