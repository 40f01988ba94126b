#include "interpose/unwind/linux/frame_entry.h"

#include "interpose/unwind/linux/machine.h"

namespace pymemflow::interpose {
namespace {

constexpr std::uint8_t kHeaderVersion = 1;
constexpr std::uint8_t kTableEncoding = 0x3b;  // pairs of sdata4, relative to the header
constexpr std::uint32_t kLongLength = 0xffffffff;

struct TableRow {
  std::int32_t start;
  std::int32_t entry;
};

// The bytes of the segment from `address` on; empty if it lies elsewhere.
Bytes bytes_from(Bytes segment, std::uintptr_t address) {
  const std::uintptr_t offset = address - reinterpret_cast<std::uintptr_t>(segment.data());
  return offset < segment.size() ? segment.subspan(offset) : Bytes{};
}

// The body of the entry at the reader, behind its length.
Bytes read_body(ByteReader& reader) {
  std::uint64_t length = reader.read<std::uint32_t>();
  if (length == kLongLength) length = reader.read<std::uint64_t>();
  return reader.take(length);
}

// Augmentations of a CIE: "z", then letters, whose data are preceded by their length.
bool read_augmentation(ByteReader& reader, Bytes name, FrameEntry& entry) {
  if (name.empty()) return true;
  if (name[0] != 'z') return false;
  ByteReader data(reader.take(reader.uleb()));
  for (const unsigned char letter : name.subspan(1)) {
    switch (letter) {
      case 'R':
        entry.encoding = data.read<std::uint8_t>();
        break;
      case 'P': {
        const auto encoding = data.read<std::uint8_t>();
        // The pointer to a personality function is not followed.
        data.pointer(encoding & kPointerFormat, 0);
        break;
      }
      case 'L':
        data.read<std::uint8_t>();
        break;
      case 'S':
        entry.is_signal = true;
        break;
      case 'B':  // aarch64: the second key signs return addresses
      case 'G':  // aarch64: the stack's memory is tagged
        break;
      default:
        return false;
    }
  }
  return !data.has_failed() && !reader.has_failed();
}

bool read_cie(Bytes body, FrameEntry& entry, bool& has_data) {
  ByteReader reader(body);
  if (reader.read<std::uint32_t>() != 0) return false;  // the id of an FDE
  const auto version = reader.read<std::uint8_t>();
  if (version != 1 && version != 3) return false;
  const Bytes rest = reader.rest();
  const void* const nul = rest.empty() ? nullptr : std::memchr(rest.data(), 0, rest.size());
  if (nul == nullptr) return false;
  const Bytes name =
      reader.take(static_cast<std::uint64_t>(static_cast<const unsigned char*>(nul) - rest.data()));
  reader.read<std::uint8_t>();
  entry.code_unit = reader.uleb();
  entry.data_unit = reader.sleb();
  const std::uint64_t pc_register = version == 1 ? reader.read<std::uint8_t>() : reader.uleb();
  entry.encoding = kAbsolutePointer;
  entry.is_signal = false;
  has_data = !name.empty();
  if (!read_augmentation(reader, name, entry) || pc_register != kPcRegister) return false;
  entry.initial = reader.rest();
  return !reader.has_failed();
}

// The FDE that begins with `bytes`.
std::optional<FrameEntry> read_fde(Bytes bytes, Bytes segment) {
  ByteReader reader(bytes);
  ByteReader body(read_body(reader));
  const std::uintptr_t place = body.address();
  const auto cie_distance = body.read<std::uint32_t>();
  if (body.has_failed() || cie_distance == 0) return std::nullopt;
  ByteReader cie(bytes_from(segment, place - cie_distance));
  FrameEntry entry = {};
  bool has_data = false;
  if (!read_cie(read_body(cie), entry, has_data)) return std::nullopt;
  entry.start = body.pointer(entry.encoding, 0);
  entry.code_bytes = body.pointer(entry.encoding & kPointerFormat, 0);
  if (has_data) body.take(body.uleb());
  if (body.has_failed()) return std::nullopt;
  entry.program = body.rest();
  return entry;
}

bool describes(const std::optional<FrameEntry>& entry, std::uintptr_t address) {
  return entry && address - entry->start < entry->code_bytes;
}

std::optional<FrameEntry> scan(Bytes entries, Bytes segment, std::uintptr_t address) {
  while (!entries.empty()) {
    ByteReader reader(entries);
    const Bytes body = read_body(reader);
    if (reader.has_failed() || body.empty()) return std::nullopt;  // the end has the length 0
    const std::optional<FrameEntry> entry = read_fde(entries, segment);
    if (describes(entry, address)) return entry;
    entries = reader.rest();
  }
  return std::nullopt;
}

// The last row whose function begins at or before the address, `distance` behind the header.
std::optional<TableRow> find_row(Bytes rows, std::int64_t distance) {
  const auto row = [&](std::size_t index) {
    TableRow found;
    std::memcpy(&found, rows.data() + index * sizeof found, sizeof found);
    return found;
  };
  std::size_t first = 0;
  std::size_t last = rows.size() / sizeof(TableRow);
  while (last - first > 1) {
    const std::size_t middle = (first + last) / 2;
    if (row(middle).start <= distance) {
      first = middle;
    } else {
      last = middle;
    }
  }
  if (last == 0 || row(first).start > distance) return std::nullopt;
  return row(first);
}

}  // namespace

std::optional<FrameEntry> find_frame_entry(Bytes search_table, Bytes segment,
                                           std::uintptr_t address) {
  ByteReader header(search_table);
  const std::uintptr_t data = header.address();
  const auto version = header.read<std::uint8_t>();
  const auto entries_encoding = header.read<std::uint8_t>();
  const auto count_encoding = header.read<std::uint8_t>();
  const auto table_encoding = header.read<std::uint8_t>();
  if (header.has_failed() || version != kHeaderVersion) return std::nullopt;
  const std::uintptr_t entries = header.pointer(entries_encoding, data);
  if (count_encoding == kPointerOmitted || table_encoding != kTableEncoding) {
    if (header.has_failed()) return std::nullopt;
    return scan(bytes_from(segment, entries), segment, address);
  }
  const std::uintptr_t count = header.pointer(count_encoding, data);
  Bytes rows = header.rest();
  if (header.has_failed()) return std::nullopt;
  if (count < rows.size() / sizeof(TableRow)) rows = rows.first(count * sizeof(TableRow));
  const std::optional<TableRow> row = find_row(rows, static_cast<std::int64_t>(address - data));
  if (!row) return std::nullopt;
  const std::uintptr_t place = data + static_cast<std::uintptr_t>(std::int64_t{row->entry});
  const std::optional<FrameEntry> entry = read_fde(bytes_from(segment, place), segment);
  return describes(entry, address) ? entry : std::nullopt;
}

}  // namespace pymemflow::interpose
