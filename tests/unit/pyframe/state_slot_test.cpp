// Tests the instructions of a getter that state_slot understands. They are read, not run, so here
// they are data.

#include "pyframe/state_slot.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <thread>

namespace pymemflow::pyframe {
namespace {

using Kind = StateSlot::Kind;

// The instructions of a getter, and next to them the table that they load from.
struct Getter {
  std::array<std::uint8_t, 64> code{};
  std::intptr_t table = 0;
  std::size_t size = 0;

  Getter& add(std::initializer_list<int> bytes) {
    for (const int byte : bytes) code[size++] = static_cast<std::uint8_t>(byte);
    return *this;
  }
  Getter& add_word(std::int32_t word) {
    std::memcpy(code.data() + size, &word, sizeof word);
    size += sizeof word;
    return *this;
  }
  // The distance of `table` from the end of the instruction.
  Getter& add_distance() {
    const auto* const end = code.data() + size + 4;
    return add_word(static_cast<std::int32_t>(reinterpret_cast<std::uint8_t*>(&table) - end));
  }
  // The same in the middle of an instruction that has `rest` more bytes.
  Getter& add_distance_before(int rest) {
    add_distance();
    std::int32_t distance;
    std::memcpy(&distance, code.data() + size - 4, sizeof distance);
    size -= 4;
    return add_word(distance - rest);
  }
  StateSlot find() { return find_state_slot(reinterpret_cast<StateGetter>(code.data())); }
};

void expect(const StateSlot& slot, Kind kind, std::intptr_t place) {
#ifdef __x86_64__
  EXPECT_EQ(slot.kind, kind);
  EXPECT_EQ(slot.place, place);
#else
  (void)kind;
  (void)place;
  EXPECT_EQ(slot.kind, Kind::Unknown);
#endif
}

TEST(StateSlot, IsAVariableOfTheExecutable) {
  Getter getter;
  getter.add({0x48, 0x8b, 0x05}).add_distance().add({0xc3});
  expect(getter.find(), Kind::Process, reinterpret_cast<std::intptr_t>(&getter.table));
}

TEST(StateSlot, IsAVariableOfALibrary) {
  Getter getter;
  getter.table = 0x1000;
  getter.add({0xf3, 0x0f, 0x1e, 0xfa, 0x48, 0x8b, 0x05}).add_distance();
  Getter first = getter;
  Getter by_byte = getter;
  Getter by_word = getter;
  // The copies have other addresses, so the distances to their tables are computed again.
  for (Getter* const one : {&first, &by_byte, &by_word}) {
    one->size -= 4;
    one->add_distance();
  }
  expect(first.add({0x48, 0x8b, 0x00, 0xc3}).find(), Kind::Process, 0x1000);
  expect(by_byte.add({0x48, 0x8b, 0x40, 0xf8, 0xc3}).find(), Kind::Process, 0xff8);
  expect(by_word.add({0x48, 0x8b, 0x80}).add_word(0x240).add({0xc3}).find(), Kind::Process, 0x1240);
}

TEST(StateSlot, IsAThreadLocal) {
  Getter of_executable;
  of_executable.add({0x64, 0x48, 0x8b, 0x04, 0x25}).add_word(-24).add({0xc3});
  expect(of_executable.find(), Kind::Thread, -24);
  Getter of_library;
  of_library.table = -40;
  of_library.add({0x55, 0x48, 0x89, 0xe5, 0x48, 0x8b, 0x05}).add_distance();
  of_library.add({0x64, 0x48, 0x8b, 0x00, 0x5d, 0xc3});
  expect(of_library.find(), Kind::Thread, -40);
}

TEST(StateSlot, IsUnknownInOtherCode) {
  Getter longer;
  longer.add({0x48, 0x8b, 0x05}).add_distance().add({0x48, 0x85, 0xc0, 0xc3});
  expect(longer.find(), Kind::Unknown, 0);
  Getter jump;
  jump.add({0xe9}).add_word(100);
  expect(jump.find(), Kind::Unknown, 0);
}

const void* const* tested(const Getter& getter) {
  return find_tested_variable(
      reinterpret_cast<int (*)()>(reinterpret_cast<std::uintptr_t>(getter.code.data())));
}

void expect_tested(const Getter& getter, std::intptr_t address) {
#ifdef __x86_64__
  EXPECT_EQ(reinterpret_cast<std::intptr_t>(tested(getter)), address);
#else
  (void)address;
  EXPECT_EQ(tested(getter), nullptr);
#endif
}

TEST(TestedVariable, IsOneOfTheExecutable) {
  Getter loaded;
  loaded.add({0xf3, 0x0f, 0x1e, 0xfa, 0x48, 0x8b, 0x05}).add_distance();
  loaded.add({0x48, 0x85, 0xc0, 0x0f, 0x95, 0xc0, 0x0f, 0xb6, 0xc0, 0xc3});
  expect_tested(loaded, reinterpret_cast<std::intptr_t>(&loaded.table));
  Getter compared;
  compared.add({0x31, 0xc0, 0x48, 0x83, 0x3d}).add_distance_before(1);
  compared.add({0x00, 0x0f, 0x95, 0xc0, 0xc3});
  expect_tested(compared, reinterpret_cast<std::intptr_t>(&compared.table));
}

TEST(TestedVariable, IsOneOfALibrary) {
  Getter loaded;
  loaded.table = 0x1000;
  loaded.add({0x48, 0x8b, 0x05}).add_distance().add({0x48, 0x8b, 0x80}).add_word(0x260);
  loaded.add({0x48, 0x85, 0xc0, 0x0f, 0x95, 0xc0, 0x0f, 0xb6, 0xc0, 0xc3});
  expect_tested(loaded, 0x1260);
  Getter compared;
  compared.table = 0x1000;
  compared.add({0x48, 0x8b, 0x05}).add_distance().add({0x48, 0x83, 0x78, 0x10, 0x00});
  compared.add({0x0f, 0x95, 0xc0, 0x0f, 0xb6, 0xc0, 0xc3});
  expect_tested(compared, 0x1010);
}

TEST(TestedVariable, IsUnknownInOtherCode) {
  Getter equal;  // sete
  equal.add({0x48, 0x8b, 0x05}).add_distance();
  equal.add({0x48, 0x85, 0xc0, 0x0f, 0x94, 0xc0, 0x0f, 0xb6, 0xc0, 0xc3});
  EXPECT_EQ(tested(equal), nullptr);
  Getter other_number;  // cmp qword [rip+d], 1
  other_number.add({0x31, 0xc0, 0x48, 0x83, 0x3d}).add_distance_before(1);
  other_number.add({0x01, 0x0f, 0x95, 0xc0, 0xc3});
  EXPECT_EQ(tested(other_number), nullptr);
}

int states[2];
thread_local void* state_here = &states[0];

TEST(StateSlot, IsComparedWithTheGetter) {
  if (address_in_thread(0) == nullptr) GTEST_SKIP() << "the getter is called here";
  const std::intptr_t offset =
      reinterpret_cast<char*>(&state_here) - static_cast<char*>(__builtin_thread_pointer());
  const StateSlot slot = {Kind::Thread, offset};
  const StateGetter right = [] { return state_here; };
  const StateGetter wrong = [] { return static_cast<void*>(&states[1]); };
  EXPECT_EQ(slot_of_this_thread(slot, right), &state_here);
  EXPECT_EQ(slot_of_this_thread(slot, wrong), nullptr);
  EXPECT_EQ(slot_of_this_thread({}, right), nullptr);
  std::thread([&] { EXPECT_EQ(slot_of_this_thread(slot, right), &state_here); }).join();
}

}  // namespace
}  // namespace pymemflow::pyframe
