# The handshake, option by option. Run by nbdsh with the server in URI, the export in EXPORT and both in EXPORT_URI.
import os

uri = os.environ["URI"]
export = os.environ["EXPORT"]


def opened():
    handle = nbd.NBD()
    handle.set_opt_mode(True)
    handle.set_full_info(True)
    handle.connect_uri(uri)
    return handle


# Everything is listed, and a listed name can be asked for.
h1 = opened()
names = []
h1.opt_list(lambda name, description: names.append(name))
assert export in names, names
h1.set_export_name(export)
h1.opt_info()
size = h1.get_size()
assert size > 0
assert h1.get_canonical_export_name() == export
assert h1.get_block_size(nbd.SIZE_MINIMUM) in (0, 1)
assert h1.get_block_size(nbd.SIZE_PREFERRED) >= 512
assert h1.get_block_size(nbd.SIZE_MAXIMUM) >= 1 << 20

# An unknown name is refused, and the handshake goes on.
h1.set_export_name("no such image")
for attempt in (h1.opt_info, h1.opt_go):
    try:
        attempt()
        raise AssertionError("an export that does not exist was opened")
    except nbd.Error:
        pass
h1.set_export_name("x" * 4096)
try:
    h1.opt_info()
    raise AssertionError("an export with a very long name was found")
except nbd.Error:
    pass

# Metadata contexts: all, one, none.
h1.set_export_name(export)
contexts = []
h1.opt_list_meta_context(lambda name: contexts.append(name))
assert "base:allocation" in contexts, contexts
h1.add_meta_context("base:allocation")
h1.add_meta_context("nobody:knows")
h1.opt_go()
assert h1.can_meta_context("base:allocation")
assert not h1.can_meta_context("nobody:knows")
assert h1.get_size() == size

# What is written is data, the rest is holes or zeros.
h1.trim(8 << 20, 0)
h1.pwrite(b"x" * 65536, 1 << 20)
extents = []


def status(context, offset, entries, error):
    assert context == "base:allocation"
    position = offset
    for length, flags in zip(entries[0::2], entries[1::2]):
        assert length > 0
        extents.append((position, length, flags))
        position += length


h1.block_status(8 << 20, 0, status)
data = [(offset, length) for offset, length, flags in extents if flags == 0]
assert any(offset <= 1 << 20 and offset + length >= (1 << 20) + 65536 for offset, length in data), extents
assert not any(offset <= 4 << 20 < offset + length for offset, length in data), extents
one = []
h1.block_status(8 << 20, 0, lambda context, offset, entries, error: one.extend(entries), nbd.CMD_FLAG_REQ_ONE)
assert len(one) == 2 and one[0] <= 8 << 20, one
h1.shutdown()

# Going away in the middle of the handshake harms nobody.
h2 = opened()
h2.opt_abort()
h3 = opened()
del h3

# A client that knows neither structured replies nor the fixed handshake's later options.
h4 = nbd.NBD()
h4.set_request_structured_replies(False)
h4.connect_uri(os.environ["EXPORT_URI"])
assert not h4.get_structured_replies_negotiated()
h4.pwrite(b"simple", 0)
assert h4.pread(6, 0) == b"simple"
h4.shutdown()
print("all options answered")
