#include "pyframe/published_offsets.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace pymemflow::pyframe {
namespace {

// Where in the published table, counted in words of 8 bytes, the offset of a field stands; 0: the
// table has none. The table grew in the middle with each version.
struct Positions {
  int minor;
  std::uint8_t thread_size, thread_frame, thread_id;
  std::uint8_t frame_size, frame_back, frame_code, frame_position, frame_owner;
  std::uint8_t frame_bytecode_index;
  std::uint8_t code_size, code_filename, code_name, code_line_table, code_first_line, code_bytecode;
  std::uint8_t code_bytecodes;
  std::uint8_t object_size, object_type;
  std::uint8_t bytes_size, bytes_count, bytes_data;
  std::uint8_t text_size, text_state, text_length, text_ascii_size;
};

// One row a version, as scripts/print_layouts prints it.
constexpr Positions kPositions[] = {
    {.minor = 13,
     .thread_size = 19,
     .thread_frame = 23,
     .thread_id = 24,
     .frame_size = 28,
     .frame_back = 29,
     .frame_code = 30,
     .frame_position = 31,
     .frame_owner = 33,
     .frame_bytecode_index = 0,
     .code_size = 34,
     .code_filename = 35,
     .code_name = 36,
     .code_line_table = 38,
     .code_first_line = 39,
     .code_bytecode = 43,
     .code_bytecodes = 0,
     .object_size = 44,
     .object_type = 45,
     .bytes_size = 64,
     .bytes_count = 65,
     .bytes_data = 66,
     .text_size = 67,
     .text_state = 68,
     .text_length = 69,
     .text_ascii_size = 70},
    {.minor = 14,
     .thread_size = 22,
     .thread_frame = 26,
     .thread_id = 27,
     .frame_size = 31,
     .frame_back = 32,
     .frame_code = 33,
     .frame_position = 34,
     .frame_owner = 36,
     .frame_bytecode_index = 38,
     .code_size = 39,
     .code_filename = 40,
     .code_name = 41,
     .code_line_table = 43,
     .code_first_line = 44,
     .code_bytecode = 48,
     .code_bytecodes = 49,
     .object_size = 50,
     .object_type = 51,
     .bytes_size = 74,
     .bytes_count = 75,
     .bytes_data = 76,
     .text_size = 77,
     .text_state = 78,
     .text_length = 79,
     .text_ascii_size = 80},
    {.minor = 15,
     .thread_size = 22,
     .thread_frame = 26,
     .thread_id = 30,
     .frame_size = 39,
     .frame_back = 40,
     .frame_code = 41,
     .frame_position = 42,
     .frame_owner = 44,
     .frame_bytecode_index = 46,
     .code_size = 47,
     .code_filename = 48,
     .code_name = 49,
     .code_line_table = 51,
     .code_first_line = 52,
     .code_bytecode = 56,
     .code_bytecodes = 57,
     .object_size = 58,
     .object_type = 59,
     .bytes_size = 86,
     .bytes_count = 87,
     .bytes_data = 88,
     .text_size = 89,
     .text_state = 90,
     .text_length = 91,
     .text_ascii_size = 92},
};

constexpr char kCookie[] = {'x', 'd', 'e', 'b', 'u', 'g', 'p', 'y'};
constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kFreeThreaded = 2;
constexpr std::uint64_t kMaxStructure = 65536;  // the thread state, by far the largest, has 800

const Positions* find_positions(int minor) {
  for (const Positions& positions : kPositions) {
    if (positions.minor == minor) return &positions;
  }
  return nullptr;
}

class Table {
 public:
  explicit Table(const void* runtime) : runtime_(static_cast<const char*>(runtime)) {}

  bool has_cookie() const { return std::memcmp(runtime_, kCookie, sizeof kCookie) == 0; }
  std::uint64_t word(std::uint8_t position) const {
    std::uint64_t value;
    std::memcpy(&value, runtime_ + std::size_t{position} * sizeof value, sizeof value);
    return value;
  }

  // The offset of a field that takes `bytes` bytes in a structure; what cannot be is remembered.
  void read(std::uint8_t size, std::uint8_t position, std::size_t bytes, std::uint16_t& offset) {
    const std::uint64_t structure = word(size);
    const std::uint64_t value = word(position);
    is_sound_ = is_sound_ && structure < kMaxStructure && value < structure &&
                value + bytes <= structure && value % bytes == 0;
    offset = static_cast<std::uint16_t>(value);
  }
  // A size that stands where an offset does.
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

void read_frame(Table& table, const Positions& at, FrameLayout& layout) {
  table.read(at.thread_size, at.thread_frame, 8, layout.tstate_frame);
  table.read(at.thread_size, at.thread_id, 8, layout.tstate_thread_id);
  table.read(at.frame_size, at.frame_back, 8, layout.frame_back);
  table.read(at.frame_size, at.frame_code, 8, layout.frame_code);
  table.read(at.frame_size, at.frame_position, 8, layout.frame_position);
  table.read(at.frame_size, at.frame_owner, 1, layout.frame_owner);
}

void read_code(Table& table, const Positions& at, FrameLayout& layout) {
  table.read(at.code_size, at.code_filename, 8, layout.code_filename);
  table.read(at.code_size, at.code_name, 8, layout.code_name);
  table.read(at.code_size, at.code_line_table, 8, layout.code_line_table);
  table.read(at.code_size, at.code_first_line, 4, layout.code_first_line);
  table.read(at.code_size, at.code_bytecode, 2, layout.code_bytecode);
  layout.code_basic_size = layout.code_bytecode;
}

// What has constants of its own here (layout.h) must be where these say.
void read_objects(Table& table, const Positions& at, FrameLayout& layout) {
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
  // PyCompactUnicodeObject: a length and a pointer more.
  layout.compact_data = static_cast<std::uint16_t>(layout.ascii_data + 16);
}

// Free threading from 3.14 on: each thread has its own copy of the bytecode, and the state of a
// string has a whole byte where there were two bits.
void read_free_threading(Table& table, const Positions& at, FrameLayout& layout) {
  if (at.frame_bytecode_index == 0) return;
  table.read(at.frame_size, at.frame_bytecode_index, 4, layout.frame_bytecode_index);
  table.read(at.code_size, at.code_bytecodes, 8, layout.code_bytecodes);
  layout.frame_shape = FrameShape::CurrentFrameOwnBytecode;
  layout.text_kind_bit = 8;
}

}  // namespace

bool publishes_offsets(int minor) {
  return find_positions(minor) != nullptr;
}

const char* read_published_offsets(const void* runtime, bool is_free_threaded,
                                   FrameLayout& layout) {
  const Positions* const positions = find_positions(layout.minor);
  Table table(runtime);
  if (positions == nullptr || !table.has_cookie()) return "it does not publish its offsets";
  const auto version = static_cast<std::uint64_t>(layout.major << 8 | layout.minor);
  if (table.word(kVersion) >> 16 != version ||
      (table.word(kFreeThreaded) != 0) != is_free_threaded) {
    return "its published offsets are of another version";
  }
  FrameLayout read = layout;
  read_frame(table, *positions, read);
  read_code(table, *positions, read);
  read_objects(table, *positions, read);
  if (is_free_threaded) read_free_threading(table, *positions, read);
  if (!table.is_sound()) return "its published offsets make no sense";
  layout = read;
  return nullptr;
}

}  // namespace pymemflow::pyframe
