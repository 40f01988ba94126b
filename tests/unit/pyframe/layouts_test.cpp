#include <gtest/gtest.h>

#include <cstring>

#include "pyframe/checked_frame.h"
#include "pyframe/code_death.h"
#include "pyframe/frame.h"
#include "pyframe/interpreter.h"
#include "pyframe/layouts/layout.h"
#include "pyframe/layouts/versions.h"

namespace pymemflow::pyframe {
namespace {

TEST(Layouts, OneForEachSupportedVersion) {
  int minor = 6;
  for (const Version& version : known_versions()) {
    EXPECT_EQ(version.frame.major, 3);
    EXPECT_EQ(version.frame.minor, minor);
    EXPECT_EQ(find_version(3, minor++), &version);
  }
  EXPECT_GT(minor, 15);
}

TEST(Layouts, NoneForOthers) {
  EXPECT_EQ(find_version(2, 7), nullptr);
  EXPECT_EQ(find_version(3, 5), nullptr);
  EXPECT_EQ(find_version(3, known_versions().back().frame.minor + 1), nullptr);
  EXPECT_EQ(find_version(4, 11), nullptr);
}

TEST(Layouts, RowsAreWhole) {
  for (const Version& version : known_versions()) {
    const FrameLayout& layout = version.frame;
    const int minor = layout.minor;
    SCOPED_TRACE(minor);
    for (const std::uint16_t offset :
         {layout.tstate_frame, layout.tstate_thread_id, layout.frame_back, layout.frame_position,
          layout.code_filename, layout.code_name, layout.code_first_line, layout.code_line_table,
          layout.code_bytecode, layout.code_basic_size, layout.ascii_data, layout.compact_data}) {
      EXPECT_GT(offset, 0);
    }
    EXPECT_EQ(layout.frame_owner != 0, minor >= 11);
    EXPECT_EQ(layout.shim_owner != 0, minor >= 12);
  }
}

TEST(Interpreter, IsAbsentHere) {
  const Interpreter interpreter = find_interpreter();
  EXPECT_EQ(interpreter.status, InterpreterStatus::Absent);
  EXPECT_STREQ(interpreter.version, "");
  ThisThread thread{1};
  Position position;
  EXPECT_FALSE(current_position(interpreter, thread, position));
  EXPECT_FALSE(notice_code_deaths(interpreter, [](const void*) {}));
}

// A thread state and a chain of frames in the layout of 3.13.
struct Chain {
  static constexpr int kFrames = kMaxShimFrames + 2;
  static inline char* state = nullptr;

  alignas(8) char states[256] = {};
  alignas(8) char frames[kFrames][128] = {};
  alignas(8) char code[256] = {};
  int code_type = 0;
  Interpreter interpreter;

  Chain() {
    interpreter.status = InterpreterStatus::Known;
    interpreter.layout = find_version(3, 13)->frame;
    interpreter.current_is_per_thread = true;
    interpreter.code_type = &code_type;
    interpreter.current_thread_state = [] { return static_cast<void*>(state); };
    interpreter.own_thread_state = [] { return static_cast<void*>(nullptr); };
    interpreter.is_finalizing = [] { return 0; };
    state = states;
    put(states, interpreter.layout.tstate_frame, frames[0]);
    put(code, kObjectType, static_cast<void*>(&code_type));
    for (int i = 0; i < kFrames; ++i) {
      if (i + 1 < kFrames) put(frames[i], interpreter.layout.frame_back, frames[i + 1]);
      run(i, code);
      put(frames[i], interpreter.layout.frame_position, code + 200 + 2 * i);
    }
  }

  void run(int frame, void* object) { put(frames[frame], interpreter.layout.frame_code, object); }

  void make_shim(int frame) {
    frames[frame][interpreter.layout.frame_owner] =
        static_cast<char>(interpreter.layout.shim_owner);
  }

  static void put(char* object, std::uint16_t offset, void* value) {
    std::memcpy(object + offset, &value, sizeof value);
  }
};

TEST(Frame, TopFrame) {
  Chain chain;
  ThisThread thread{1};
  Position position;
  ASSERT_TRUE(current_position(chain.interpreter, thread, position));
  EXPECT_EQ(position.code, chain.code);
  EXPECT_EQ(position.instruction, 0);
}

TEST(Frame, ShimsAndOtherExecutablesArePassedOver) {
  Chain chain;
  alignas(8) char other[64] = {};
  chain.make_shim(0);
  chain.run(1, other);
  chain.run(2, nullptr);
  ThisThread thread{1};
  Position position;
  ASSERT_TRUE(current_position(chain.interpreter, thread, position));
  EXPECT_EQ(position.instruction, 6);
}

TEST(Frame, ShimsAreNotFollowedForEver) {
  Chain chain;
  ThisThread thread{1};
  Position position;
  for (int i = 0; i < kMaxShimFrames; ++i) chain.make_shim(i);
  EXPECT_TRUE(current_position(chain.interpreter, thread, position));
  chain.make_shim(kMaxShimFrames);
  EXPECT_FALSE(current_position(chain.interpreter, thread, position));
}

// The two low bits of a frame's reference to its code tell the owner of the reference (from 3.14
// on).
TEST(Frame, TagsOfReferencesAreNoPartOfThem) {
  Chain chain;
  ThisThread thread{1};
  Position position;
  for (int tag = 0; tag < 4; ++tag) {
    chain.run(0, chain.code + tag);
    ASSERT_TRUE(current_position(chain.interpreter, thread, position));
    EXPECT_EQ(position.code, chain.code) << tag;
    EXPECT_EQ(position.instruction, 0) << tag;
  }
  // 3.14 and 3.15 write a null reference in these ways.
  for (const std::uintptr_t null : {0, 1, 2}) {
    chain.run(0, reinterpret_cast<void*>(null));
    ASSERT_TRUE(current_position(chain.interpreter, thread, position));
    EXPECT_EQ(position.instruction, 2) << null;
  }
}

// Free-threaded builds from 3.14 on have a copy of the bytecode per thread.
TEST(Frame, EachThreadHasABytecodeOfItsOwn) {
  Chain chain;
  FrameLayout& layout = chain.interpreter.layout;
  layout.frame_shape = FrameShape::CurrentFrameOwnBytecode;
  layout.frame_bytecode_index = 72;
  layout.code_bytecodes = 192;
  alignas(8) char copy[64] = {};
  struct {
    std::int64_t size = 2;
    char* entries[2];
  } copies{2, {chain.code + layout.code_bytecode, copy}};
  Chain::put(chain.code, layout.code_bytecodes, &copies);
  Chain::put(chain.frames[0], layout.frame_position, copy + 6);
  ThisThread thread{1};
  Position position;
  const auto set_index = [&](std::int32_t index) {
    std::memcpy(chain.frames[0] + layout.frame_bytecode_index, &index, sizeof index);
    return current_position(chain.interpreter, thread, position);
  };
  ASSERT_TRUE(set_index(1));
  EXPECT_EQ(position.code, chain.code);
  EXPECT_EQ(position.instruction, 6);
  EXPECT_EQ(key_of(chain.interpreter, position), current_key(chain.interpreter, thread));
  Chain::put(chain.frames[0], layout.frame_position, chain.code + layout.code_bytecode + 4);
  ASSERT_TRUE(set_index(0));
  EXPECT_EQ(position.instruction, 4);
  // If there is no such copy, the bytecode of the code object counts.
  for (const std::int32_t index : {-1, 2, 1 << 20}) {
    ASSERT_TRUE(set_index(index));
    EXPECT_EQ(position.instruction, 4) << index;
  }
}

// Under greenlet, the thread state of 3.12 may refer to any memory.
TEST(Frame, WhatIsCheckedMayBeAnything) {
  Interpreter interpreter;
  interpreter.status = InterpreterStatus::Known;
  interpreter.layout = find_version(3, 12)->frame;
  interpreter.current_is_per_thread = true;
  const FrameLayout& layout = interpreter.layout;
  int code_type = 0;
  interpreter.code_type = &code_type;
  alignas(8) char state[256] = {}, cframe[16] = {}, frame[128] = {}, code[256] = {},
                  other[256] = {};
  const std::int64_t units = 10;
  Chain::state = state;
  interpreter.current_thread_state = [] { return static_cast<void*>(Chain::state); };
  Chain::put(state, layout.tstate_frame, cframe);
  Chain::put(cframe, layout.cframe_current, frame);
  Chain::put(frame, layout.frame_code, code);
  Chain::put(code, kObjectType, &code_type);
  std::memcpy(code + kObjectSize, &units, sizeof units);
  const auto is_found_at = [&](char* instruction) {
    ThisThread thread{1};
    Position position;
    Chain::put(frame, layout.frame_position, instruction);
    return current_position(interpreter, thread, position) && position.code == code;
  };
  char* const first = code + layout.code_bytecode;
  expect_switched_stacks(interpreter);
  EXPECT_TRUE(is_found_at(first + 4));
  EXPECT_FALSE(is_found_at(first + 20));
  EXPECT_FALSE(is_found_at(first + 3));
  Chain::put(frame, layout.frame_code, other);
  EXPECT_FALSE(is_found_at(first + 4)) << "not a code object";
  for (const std::uintptr_t wild : {std::uintptr_t{8}, std::uintptr_t{0xa448e8e7894c0000}}) {
    Chain::put(frame, layout.frame_code, reinterpret_cast<void*>(wild));
    EXPECT_FALSE(is_found_at(first + 4)) << wild;
    Chain::put(cframe, layout.cframe_current, reinterpret_cast<void*>(wild));
    EXPECT_FALSE(is_found_at(first + 4)) << wild;
    Chain::put(cframe, layout.cframe_current, frame);
  }
}

TEST(Frame, NoneWithoutStateOrFrame) {
  Chain chain;
  ThisThread thread{1};
  Position position;
  Chain::put(chain.states, chain.interpreter.layout.tstate_frame, nullptr);
  EXPECT_FALSE(current_position(chain.interpreter, thread, position));
  Chain::state = nullptr;
  EXPECT_FALSE(current_position(chain.interpreter, thread, position));
}

}  // namespace
}  // namespace pymemflow::pyframe
