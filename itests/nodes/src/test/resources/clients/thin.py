# WRITE_ZEROES and TRIM of more than 2^31 bytes in one request, on an image that takes no more than what is written.
# Run by nbdsh with the connection h, which asks for base:allocation.
import time

huge = 0xFFFFF000
size = h.get_size()
assert size >= huge + (1 << 30), size
marker = b"tidemark" * 512
inside = [0, (1 << 31) - 8192, (1 << 31) - 4096, 1 << 31, huge - 4096]
behind = [huge, size - 4096]


def states(count, offset):
    """Length and state of each extent, up to the end of what was asked."""
    found = []
    at = offset
    while at < offset + count:
        got = []
        h.block_status(offset + count - at, at, lambda context, where, entries, error: got.extend(entries))
        assert len(got) >= 2, "no extent at %d" % at
        for length, state in zip(got[::2], got[1::2]):
            found.append((length, state))
            at += length
    return found


def check(what):
    for offset in inside:
        assert h.pread(4096, offset) == bytes(4096), "%s left data at %d" % (what, offset)
    for offset in behind:
        assert h.pread(4096, offset) == marker, "%s took data at %d" % (what, offset)
    for length, state in states(huge, 0):
        assert state & nbd.STATE_ZERO, "%s left %d bytes that are said to have data" % (what, length)
    assert not states(4096, huge)[0][1] & nbd.STATE_ZERO, "what lies behind is said to be zero"


for what, call in (("WRITE_ZEROES", h.zero), ("TRIM", h.trim)):
    for offset in inside + behind:
        h.pwrite(marker, offset)
    h.flush()
    call(huge, 0)
    check(what)
    h.flush()
    # From here on it comes from the image, not from memory.
    time.sleep(1)
    check(what + ", once applied,")
print("large ranges done")
