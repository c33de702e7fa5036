"""A stranger that sees sequence numbers of a daemon must not be able to predict the next: an ack is matched by its number."""
import struct

from harness import Wire

CLAIM, PING = 0x13, 0x01
MASK = 2**64 - 1
WIDTH = 256                             # bits of the state of xoshiro256**
SEEN, REST = 6, 6                       # sequence numbers that the prediction uses, and that it must not predict


def claim(name, address):
    """A claim of the daemon's name, which the daemon answers with a ping."""
    def text(value):
        return struct.pack("!H", len(value)) + value.encode()
    message = struct.pack("!BQ", CLAIM, 1) + text(name) + text(address) + struct.pack("!Q", 2**62)
    padding = 300 - len(message) - 3
    return message + struct.pack("!BH", 0, padding) + bytes(padding)


def rotl(bits, k):
    return bits[-k:] + bits[:-k] if k else list(bits)


def step(state):
    """A step of xoshiro256** on symbolic words: lists of 64 sums (XOR) of unknown bits, each a mask of the unknown bits."""
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
    """The word s1 of the state that gave this output, which is rotl(s1 * 5, 7) * 9."""
    product = output * pow(9, -1, 2**64) & MASK
    return (product >> 7 | product << 57 & MASK) * pow(5, -1, 2**64) & MASK


def output(word):
    product = word * 5 & MASK
    return (product << 7 & MASK | product >> 57) * 9 & MASK


def predict(numbers, count):
    """The next `count` outputs, if these numbers are consecutive outputs of one xoshiro256**; otherwise None."""
    state = [[1 << 64 * w + b for b in range(64)] for w in range(4)]
    rows = {}                           # leading bit -> (mask of unknown bits, value of their sum)
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
    predicted = []
    for _ in range(count):
        predicted.append(output(sum(((terms & known).bit_count() & 1) << b for b, terms in enumerate(state[1]))))
        state = step(state)
    return predicted


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


def test_the_prediction_works_on_xoshiro():
    draw = Xoshiro()
    numbers = [draw() for _ in range(SEEN + REST)]
    assert numbers[:4] == [11520, 0, 1509978240, 1215971899390074240]
    assert predict(numbers[:SEEN], REST) == numbers[SEEN:]
    assert predict([*numbers[:SEEN - 1], 1], REST) is None


def test_sequence_numbers_cannot_be_predicted(cluster):
    """A stranger with a dozen addresses gets a dozen consecutive sequence numbers, and cannot predict the next ones."""
    daemon = cluster.daemon(options=["--profile", "wan"]).start()
    wires = [Wire(cluster, f"127.0.9.{i + 1}:7946") for i in range(SEEN + REST)]
    for wire in wires:
        wire.send(daemon.address, claim(daemon.name, wire.address))

    def seen():
        return [next((m.seq for _, m in wire.messages(PING)), None) for wire in wires]
    cluster.wait(lambda: None not in seen(), lambda: f"a ping at each: {seen()}")
    numbers = seen()
    assert len(set(numbers)) == len(numbers)
    assert predict(numbers[:SEEN], REST) is None, "the numbers give away the state of the generator"
