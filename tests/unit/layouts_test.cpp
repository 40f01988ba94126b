#include <gtest/gtest.h>

#include <cstring>

#include "pyframe/code_death.h"
#include "pyframe/frame.h"
#include "pyframe/interpreter.h"
#include "pyframe/layout.h"

namespace pymemflow::pyframe {
namespace {

TEST(Layouts, OneForEachSupportedVersion) {
  for (int minor = 6; minor <= 13; ++minor) {
    const FrameLayout* layout = find_layout(3, minor);
    ASSERT_NE(layout, nullptr) << "3." << minor;
    EXPECT_EQ(layout->major, 3);
    EXPECT_EQ(layout->minor, minor);
  }
}

TEST(Layouts, NoneForOthers) {
  EXPECT_EQ(find_layout(2, 7), nullptr);
  EXPECT_EQ(find_layout(3, 5), nullptr);
  EXPECT_EQ(find_layout(3, 14), nullptr);
  EXPECT_EQ(find_layout(4, 11), nullptr);
}

TEST(Layouts, RowsAreWhole) {
  for (int minor = 6; minor <= 13; ++minor) {
    SCOPED_TRACE(minor);
    const FrameLayout& layout = *find_layout(3, minor);
    for (const std::uint16_t offset :
         {layout.tstate_frame, layout.tstate_thread_id, layout.frame_back, layout.frame_position,
          layout.code_filename, layout.code_name, layout.code_first_line, layout.code_line_table,
          layout.code_bytecode, layout.code_basic_size, layout.ascii_data, layout.compact_data}) {
      EXPECT_GT(offset, 0);
    }
    EXPECT_EQ(layout.frame_owner != 0, minor >= 11);
    EXPECT_EQ(layout.owner_c_stack != 0, minor >= 12);
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

// A thread state and a chain of frames as 3.13 lays them out.
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
    interpreter.layout = *find_layout(3, 13);
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
        static_cast<char>(interpreter.layout.owner_c_stack);
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
