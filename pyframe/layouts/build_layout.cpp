#include "pyframe/layouts/build_layout.h"

#include <cstring>
#include <initializer_list>

#include "pyframe/layouts/published_offsets.h"

namespace pymemflow::pyframe {
namespace {

// Py_TRACE_REFS up to 3.12, and free threading: 32 bytes instead of 16.
constexpr std::uint8_t kHeaderGrowth = 16;

// A row of a type's table of members (PyMemberDef): part of the stable ABI.
struct Member {
  const char* name;
  int type;
  std::intptr_t offset;
  int flags;
  const char* documentation;
};

template <typename T>
T load(const void* base, std::size_t offset) {
  T value;
  std::memcpy(&value, static_cast<const char*>(base) + offset, sizeof value);
  return value;
}

std::int64_t basic_size(const void* type, std::size_t header_growth) {
  return load<std::int64_t>(type, kTypeBasicSize + header_growth);
}

// Moves the offsets of all fields of objects by the growth of the header.
void grow_header(FrameLayout& layout) {
  for (std::uint16_t* offset :
       {&layout.code_filename, &layout.code_name, &layout.code_first_line, &layout.code_line_table,
        &layout.code_bytecode, &layout.code_basic_size, &layout.ascii_data, &layout.compact_data,
        &layout.object_line}) {
    *offset += kHeaderGrowth;
  }
  if (layout.frame_shape == FrameShape::FrameObject) {
    for (std::uint16_t* offset :
         {&layout.frame_back, &layout.frame_code, &layout.frame_position, &layout.frame_globals}) {
      *offset += kHeaderGrowth;
    }
  }
  layout.header_growth = kHeaderGrowth;
}

// False: the type has a member of that name at another offset.
bool agrees(const void* type, std::size_t header_growth, const char* name, std::uint16_t offset) {
  const auto* member = load<const Member*>(type, kTypeMembers + header_growth);
  for (; member != nullptr && member->name != nullptr; ++member) {
    if (std::strcmp(member->name, name) == 0) return member->offset == offset;
  }
  return true;
}

}  // namespace

bool types_agree(const BuildFacts& facts, const FrameLayout& layout) {
  const std::size_t growth = layout.header_growth;
  const auto code_agrees = [&](const char* name, std::uint16_t offset) {
    return agrees(facts.types.code, growth, name, offset);
  };
  if (basic_size(facts.types.code, growth) != layout.code_basic_size ||
      basic_size(facts.types.text, growth) != layout.compact_data + 8 ||
      basic_size(facts.types.bytes, growth) != static_cast<std::int64_t>(kBytesData + growth + 1) ||
      !code_agrees("co_filename", layout.code_filename) ||
      !code_agrees("co_name", layout.code_name) ||
      !code_agrees("co_firstlineno", layout.code_first_line) ||
      !code_agrees("co_lnotab", layout.code_line_table) ||
      !code_agrees("co_linetable", layout.code_line_table) ||
      !code_agrees("co_code", layout.code_bytecode)) {
    return false;
  }
  // From 3.11 on a code object ends with its bytecode.
  if (layout.frame_shape != FrameShape::FrameObject) {
    return layout.code_bytecode == layout.code_basic_size;
  }
  if (facts.types.frame == nullptr) return true;
  const auto frame_agrees = [&](const char* name, std::uint16_t offset) {
    return agrees(facts.types.frame, growth, name, offset);
  };
  return frame_agrees("f_back", layout.frame_back) && frame_agrees("f_code", layout.frame_code) &&
         frame_agrees("f_globals", layout.frame_globals) &&
         frame_agrees("f_lasti", layout.frame_position);
}

const char* fit_layout(const BuildFacts& facts, FrameLayout& layout) {
  if (publishes_offsets(layout)) {
    if (facts.runtime == nullptr) return "it does not publish its offsets";
    if (const char* reason =
            read_published_offsets(facts.runtime, facts.is_free_threaded, layout)) {
      return reason;
    }
  } else if (basic_size(facts.types.code, kHeaderGrowth) ==
             layout.code_basic_size + kHeaderGrowth) {
    // Traced references: only the size that the type declares tells.
    grow_header(layout);
  }
  return types_agree(facts, layout) ? nullptr : "its objects differ from the release's";
}

}  // namespace pymemflow::pyframe
