#include "pyframe/layouts/published_offsets.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "pyframe/layouts/versions.h"

namespace pymemflow::pyframe {
namespace {

constexpr char kCookie[] = {'x', 'd', 'e', 'b', 'u', 'g', 'p', 'y'};
constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kFreeThreaded = 2;
constexpr std::uint64_t kMaxStructure = 65536;  // the thread state, by far the largest, has 800

class Table {
 public:
  explicit Table(const void* runtime) : runtime_(static_cast<const char*>(runtime)) {}

  bool has_cookie() const { return std::memcmp(runtime_, kCookie, sizeof kCookie) == 0; }
  std::uint64_t word(std::uint8_t position) const {
    std::uint64_t value;
    std::memcpy(&value, runtime_ + std::size_t{position} * sizeof value, sizeof value);
    return value;
  }

  // Reads the offset of a field of `bytes` bytes in a structure, and remembers if it is impossible.
  void read(std::uint8_t size, std::uint8_t position, std::size_t bytes, std::uint16_t& offset) {
    const std::uint64_t structure = word(size);
    const std::uint64_t value = word(position);
    is_sound_ = is_sound_ && structure < kMaxStructure && value < structure &&
                value + bytes <= structure && value % bytes == 0;
    offset = static_cast<std::uint16_t>(value);
  }
  // Reads a size that the table has instead of an offset.
  void read_size(std::uint8_t position, std::uint16_t& size) {
    is_sound_ = is_sound_ && word(position) > 0 && word(position) < kMaxStructure;
    size = static_cast<std::uint16_t>(word(position));
  }
  void require(bool condition) { is_sound_ = is_sound_ && condition; }
  bool is_sound() const { return is_sound_; }

 private:
  const char* runtime_;
  bool is_sound_ = true;
};

void read_frame(Table& table, const PublishedPositions& at, FrameLayout& layout) {
  table.read(at.thread_size, at.thread_frame, 8, layout.tstate_frame);
  table.read(at.thread_size, at.thread_id, 8, layout.tstate_thread_id);
  table.read(at.frame_size, at.frame_back, 8, layout.frame_back);
  table.read(at.frame_size, at.frame_code, 8, layout.frame_code);
  table.read(at.frame_size, at.frame_position, 8, layout.frame_position);
  table.read(at.frame_size, at.frame_owner, 1, layout.frame_owner);
}

void read_code(Table& table, const PublishedPositions& at, FrameLayout& layout) {
  table.read(at.code_size, at.code_filename, 8, layout.code_filename);
  table.read(at.code_size, at.code_name, 8, layout.code_name);
  table.read(at.code_size, at.code_line_table, 8, layout.code_line_table);
  table.read(at.code_size, at.code_first_line, 4, layout.code_first_line);
  table.read(at.code_size, at.code_bytecode, 2, layout.code_bytecode);
  layout.code_basic_size = layout.code_bytecode;
}

// Offsets that are constants here (layout.h) must be the published ones.
void read_objects(Table& table, const PublishedPositions& at, FrameLayout& layout) {
  std::uint16_t type = 0, count = 0, data = 0, state = 0, length = 0;
  table.read(at.object_size, at.object_type, 8, type);
  table.read(at.bytes_size, at.bytes_count, 8, count);
  table.read(at.bytes_size, at.bytes_data, 1, data);
  table.read(at.text_size, at.text_state, 4, state);
  table.read(at.text_size, at.text_length, 8, length);
  table.read_size(at.text_ascii_size, layout.ascii_data);
  const int growth = type - kObjectType;
  table.require(growth == 0 || growth == 16);
  table.require(count == kObjectSize + growth && data == kBytesData + growth);
  table.require(state == kTextState + growth && length == kTextLength + growth);
  layout.header_growth = static_cast<std::uint8_t>(growth);
  layout.object_line = static_cast<std::uint16_t>(layout.object_line + growth);
  // PyCompactUnicodeObject: a length and a pointer more.
  layout.compact_data = static_cast<std::uint16_t>(layout.ascii_data + 16);
}

// Free-threaded builds from 3.14 on: each thread has its own copy of the bytecode, and a string's
// state has a whole byte instead of two bits.
void read_free_threading(Table& table, const PublishedPositions& at, FrameLayout& layout) {
  if (at.frame_bytecode_index == 0) return;
  table.read(at.frame_size, at.frame_bytecode_index, 4, layout.frame_bytecode_index);
  table.read(at.code_size, at.code_bytecodes, 8, layout.code_bytecodes);
  layout.frame_shape = FrameShape::CurrentFrameOwnBytecode;
  layout.text_kind_bit = 8;
}

}  // namespace

bool publishes_offsets(const FrameLayout& layout) {
  const Version* const version = find_version(layout.major, layout.minor);
  return version != nullptr && version->published.thread_size != 0;
}

const char* read_published_offsets(const void* runtime, bool is_free_threaded,
                                   FrameLayout& layout) {
  Table table(runtime);
  if (!publishes_offsets(layout) || !table.has_cookie()) return "it does not publish its offsets";
  const PublishedPositions& positions = find_version(layout.major, layout.minor)->published;
  const auto version = static_cast<std::uint64_t>(layout.major << 8 | layout.minor);
  if (table.word(kVersion) >> 16 != version ||
      (table.word(kFreeThreaded) != 0) != is_free_threaded) {
    return "its published offsets are of another version";
  }
  FrameLayout read = layout;
  read_frame(table, positions, read);
  read_code(table, positions, read);
  read_objects(table, positions, read);
  if (is_free_threaded) read_free_threading(table, positions, read);
  if (!table.is_sound()) return "its published offsets make no sense";
  layout = read;
  return nullptr;
}

}  // namespace pymemflow::pyframe
