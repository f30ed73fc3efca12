# Requests that a server has to refuse, one after the other on one connection, which has to stay usable.
# Run by nbdsh with the connection h; libnbd's own checks are off, so that the server sees the requests.
import errno


def refused(expected, what, call):
    try:
        call()
    except nbd.Error as error:
        assert error.errnum == expected, "%s: expected %s, got %s" % (what, errno.errorcode[expected], error)
        return
    raise AssertionError("%s was not refused" % what)


size = h.get_size()
h.set_strict_mode(0)
block = bytes(4096)
marker = b"tidemark" * 64

h.pwrite(marker, 8192)
refused(errno.EINVAL, "READ beyond the end", lambda: h.pread(4096, size - 512))
refused(errno.EINVAL, "READ at the end", lambda: h.pread(512, size))
refused(errno.EINVAL, "READ where offset + length overflows", lambda: h.pread(512, (1 << 64) - 256))
refused(errno.ENOSPC, "WRITE beyond the end", lambda: h.pwrite(block, size - 512))
refused(errno.ENOSPC, "WRITE far beyond the end", lambda: h.pwrite(block, size + (1 << 40)))
refused(errno.ENOSPC, "WRITE_ZEROES beyond the end", lambda: h.zero(8192, size - 4096))
refused(errno.EINVAL, "TRIM beyond the end", lambda: h.trim(8192, size - 4096))
refused(errno.EINVAL, "READ with an unknown flag", lambda: h.pread(512, 0, 0x8000))
refused(errno.EINVAL, "WRITE with an unknown flag", lambda: h.pwrite(block, 0, 0x8000))
refused(errno.EINVAL, "TRIM with an unknown flag", lambda: h.trim(512, 0, 0x8000))
assert h.pread(len(marker), 8192) == marker

# Unaligned requests are taken to the byte.
h.pwrite(b"odd", 8192 + 511)
assert h.pread(5, 8192 + 510) == marker[510:511] + b"odd" + b"\0"
h.zero(3, 8192 + 512)
assert h.pread(4, 8192 + 511) == b"o\0\0\0"

# Nothing at all is no reason to hang up.
h.flush()
assert h.pread(0, 0) == b""
assert h.pread(len(marker) - 1, 8192) == marker[:-1]

# FUA is taken on everything that writes.
h.pwrite(marker, 65536, nbd.CMD_FLAG_FUA)
h.zero(4096, 131072, nbd.CMD_FLAG_FUA | nbd.CMD_FLAG_NO_HOLE)
h.trim(4096, 135168, nbd.CMD_FLAG_FUA)
assert h.pread(len(marker), 65536) == marker
assert h.pread(8192, 131072) == bytes(8192)

# The last byte is a byte.
h.pwrite(b"z", size - 1)
assert h.pread(1, size - 1) == b"z"

# A large request, and one in a single piece.
big = bytes(range(256)) * (1 << 16)
h.pwrite(big, 1 << 20)
assert h.pread(len(big), 1 << 20) == big
assert h.pread(65536, 1 << 20, nbd.CMD_FLAG_DF) == big[:65536]

# Large ranges where no payload travels.
h.zero(size - (64 << 20), 64 << 20)
h.trim(size - (64 << 20), 64 << 20)
assert h.pread(1 << 20, 64 << 20) == bytes(1 << 20)
if h.can_cache():
    h.cache(1 << 20, 0)
    assert h.pread(512, 65536) == marker
if h.can_fast_zero():
    h.pwrite(marker, 0)
    try:
        h.zero(512, 0, nbd.CMD_FLAG_FAST_ZERO)
        assert h.pread(512, 0) == bytes(512)
    except nbd.Error as error:
        assert error.errnum == errno.ENOTSUP, error
        assert h.pread(512, 0) == marker
print("all refused as they should be")
