#pragma once
// The offsets that an interpreter publishes about its own structures: from 3.13 on, _PyRuntime
// begins with a table meant for debuggers (_Py_DebugOffsets), which is right for debug and
// free-threaded builds as well. The values are checked before they are used. At start-up, outside
// every hook.

#include <cstdint>

#include "pyframe/layouts/layout.h"

namespace pymemflow::pyframe {

// Positions in the published table, counted in words of 8 bytes, of the offset of each field; 0:
// the table has none. The table grew in the middle with each version.
struct PublishedPositions {
  std::uint8_t thread_size = 0, thread_frame = 0, thread_id = 0;
  std::uint8_t frame_size = 0, frame_back = 0, frame_code = 0, frame_position = 0, frame_owner = 0;
  std::uint8_t frame_bytecode_index = 0;
  std::uint8_t code_size = 0, code_filename = 0, code_name = 0, code_line_table = 0,
               code_first_line = 0, code_bytecode = 0;
  std::uint8_t code_bytecodes = 0;
  std::uint8_t object_size = 0, object_type = 0;
  std::uint8_t bytes_size = 0, bytes_count = 0, bytes_data = 0;
  std::uint8_t text_size = 0, text_state = 0, text_length = 0, text_ascii_size = 0;
};

// Whether this version publishes a table whose positions are known.
bool publishes_offsets(const FrameLayout& layout);

// Copies the offsets published at `runtime`, the interpreter's _PyRuntime, to `layout`, the layout
// of its version. Null on success, else the reason why they are refused, with `layout` unchanged.
const char* read_published_offsets(const void* runtime, bool is_free_threaded, FrameLayout& layout);

}  // namespace pymemflow::pyframe
