// Tests how the layout of a build is found: from a table of published offsets, and from the sizes
// of its types.

#include "pyframe/layouts/build_layout.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "pyframe/layouts/published_offsets.h"
#include "pyframe/layouts/versions.h"

namespace pymemflow::pyframe {
namespace {

// The beginning of _PyRuntime in 3.14.1, of a release or a free-threaded build. Words 26 to 80 have
// the values of its headers; words that are not read are zero.
struct Runtime {
  std::array<std::uint64_t, 128> words{};

  explicit Runtime(bool is_free_threaded) {
    std::memcpy(words.data(), "xdebugpy", 8);
    const std::uint64_t growth = is_free_threaded ? 16 : 0;
    words[1] = 0x030E01F0;
    words[2] = is_free_threaded;
    put(22, {800});
    put(26, {72, 152});
    put(31, {is_free_threaded ? 96u : 88u, 8, 0, 56, 80, is_free_threaded ? 78u : 74u, 64, 72});
    put(39, {240, 112 + growth, 120 + growth, 128 + growth, 136 + growth, 68 + growth});
    put(48, {is_free_threaded ? 232u : 208u, is_free_threaded ? 224u : 0u});
    put(50, {16 + growth, 8 + growth});
    put(74, {40 + growth, 16 + growth, 32 + growth});
    put(77, {64 + growth, 32 + growth, 16 + growth, 40 + growth});
  }

  void put(std::size_t from, std::initializer_list<std::uint64_t> values) {
    for (const std::uint64_t value : values) words[from++] = value;
  }
};

TEST(PublishedOffsets, AreTheRowInAReleaseBuild) {
  const Runtime runtime(false);
  FrameLayout layout = find_version(3, 14)->frame;
  layout.tstate_frame = layout.code_name = layout.ascii_data = 0;
  ASSERT_EQ(read_published_offsets(runtime.words.data(), false, layout), nullptr);
  EXPECT_EQ(std::memcmp(&layout, &find_version(3, 14)->frame, sizeof layout), 0);
}

TEST(PublishedOffsets, OfAFreeThreadedBuild) {
  const Runtime runtime(true);
  FrameLayout layout = find_version(3, 14)->frame;
  ASSERT_EQ(read_published_offsets(runtime.words.data(), true, layout), nullptr);
  EXPECT_EQ(layout.frame_shape, FrameShape::CurrentFrameOwnBytecode);
  EXPECT_EQ(layout.header_growth, 16);
  EXPECT_EQ(layout.text_kind_bit, 8);
  EXPECT_EQ(layout.frame_bytecode_index, 72);
  EXPECT_EQ(layout.code_bytecodes, 224);
  EXPECT_EQ(layout.code_name, 136);
  EXPECT_EQ(layout.compact_data, 72);
}

TEST(PublishedOffsets, OfAnotherVersionOrBuildAreNotBelieved) {
  const FrameLayout& row = find_version(3, 14)->frame;
  const auto refused = [&row](const Runtime& runtime, bool is_free_threaded) {
    FrameLayout layout = row;
    const char* reason = read_published_offsets(runtime.words.data(), is_free_threaded, layout);
    EXPECT_EQ(std::memcmp(&layout, &row, sizeof row), 0) << "changed, though refused";
    return reason != nullptr;
  };
  Runtime runtime(false);
  EXPECT_FALSE(refused(runtime, false));
  EXPECT_TRUE(refused(runtime, true));
  runtime.words[1] = 0x030D01F0;
  EXPECT_TRUE(refused(runtime, false));
  runtime = Runtime(false);
  runtime.words[0] ^= 1;
  EXPECT_TRUE(refused(runtime, false));
}

TEST(PublishedOffsets, ThatCannotBeAreNotBelieved) {
  for (const std::size_t word : {22, 26, 27, 31, 32, 33, 34, 36, 39, 40, 41, 43,
                                 44, 48, 50, 51, 74, 75, 76, 77, 78, 79, 80}) {
    for (const std::uint64_t value :
         {std::uint64_t{3}, std::uint64_t{1} << 16, ~std::uint64_t{0}}) {
      Runtime runtime(false);
      FrameLayout layout = find_version(3, 14)->frame;
      runtime.words[word] = value;
      // 3 is a possible size of a string's header here; the check of the types refuses it.
      if (word == 80 && value == 3) continue;
      // The owner is one byte, so every offset is possible.
      if (word == 36 && value == 3) continue;
      EXPECT_NE(read_published_offsets(runtime.words.data(), false, layout), nullptr)
          << "word " << word << " = " << value;
    }
  }
}

// The parts of static types that are read, basic size and members, with either kind of header.
struct Types {
  struct Member {
    const char* name;
    int type;
    std::intptr_t offset;
    int flags;
    const char* documentation;
  };
  std::size_t growth;
  std::array<char, 400> code{}, text{}, bytes{}, frame{};
  std::array<Member, 4> members{};

  Types(const FrameLayout& layout, std::size_t header_growth) : growth(header_growth) {
    const auto grown = [this](std::size_t size) {
      return static_cast<std::int64_t>(size + growth);
    };
    put(code, kTypeBasicSize, grown(layout.code_basic_size));
    put(text, kTypeBasicSize, grown(layout.compact_data + 8u));
    put(bytes, kTypeBasicSize, grown(33));
    members[0] = {"co_argcount", 0, 16, 0, nullptr};
    members[1] = {"co_name", 0, grown(layout.code_name), 0, nullptr};
    members[2] = {"co_filename", 0, grown(layout.code_filename), 0, nullptr};
    put(code, kTypeMembers, &members);
  }

  template <typename T>
  void put(std::array<char, 400>& type, std::size_t offset, T value) {
    std::memcpy(type.data() + offset + growth, &value, sizeof value);
  }

  BuildFacts facts() const {
    return {.types = {code.data(), text.data(), bytes.data(), frame.data()},
            .runtime = nullptr,
            .is_free_threaded = false};
  }
};

TEST(FitLayout, ReleaseBuildIsTheRow) {
  FrameLayout layout = find_version(3, 9)->frame;
  EXPECT_EQ(fit_layout(Types(layout, 0).facts(), layout), nullptr);
  EXPECT_EQ(std::memcmp(&layout, &find_version(3, 9)->frame, sizeof layout), 0);
}

TEST(FitLayout, TracedReferencesMoveWhatLiesInObjects) {
  for (const int minor : {7, 12}) {
    FrameLayout layout = find_version(3, minor)->frame;
    const FrameLayout row = layout;
    ASSERT_EQ(fit_layout(Types(layout, 16).facts(), layout), nullptr) << minor;
    EXPECT_EQ(layout.header_growth, 16);
    EXPECT_EQ(layout.code_name, row.code_name + 16);
    EXPECT_EQ(layout.ascii_data, row.ascii_data + 16);
    EXPECT_EQ(layout.tstate_frame, row.tstate_frame);
    EXPECT_EQ(layout.frame_position, row.frame_position + (minor == 7 ? 16 : 0));
  }
}

TEST(FitLayout, TypesThatSayOtherwiseAreARefusal) {
  FrameLayout layout = find_version(3, 9)->frame;
  Types types(layout, 0);
  types.members[2].offset += 8;
  EXPECT_NE(fit_layout(types.facts(), layout), nullptr);
  types = Types(layout, 0);
  types.put(types.code, kTypeBasicSize, std::int64_t{layout.code_basic_size + 8});
  EXPECT_NE(fit_layout(types.facts(), layout), nullptr);
  types = Types(layout, 0);
  types.put(types.text, kTypeBasicSize, std::int64_t{72});
  EXPECT_NE(fit_layout(types.facts(), layout), nullptr);
}

TEST(FitLayout, PublishedOffsetsAreRequiredWhereTheyArePublished) {
  FrameLayout layout = find_version(3, 14)->frame;
  EXPECT_NE(fit_layout(Types(layout, 0).facts(), layout), nullptr);
}

}  // namespace
}  // namespace pymemflow::pyframe
