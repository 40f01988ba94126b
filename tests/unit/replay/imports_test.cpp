// Tests that imports are recognized by the order of events alone.

#include "report/replay/imports.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace pymemflow::report {
namespace {

using namespace std::string_literals;

constexpr char kMachinery[] = "<frozen importlib._bootstrap>";

class Replay {
 public:
  explicit Replay(const std::string& command_line = "python3\0main.py\0"s)
      : imports_(command_line) {}

  // Adds an event and returns its number.
  std::uint64_t at(const char* file, const char* function = "<module>", std::uint32_t thread = 1) {
    Site site;
    site.has_frame = *file != '\0';
    site.file = file;
    site.function = function;
    const auto [place, is_new] = numbers_.try_emplace(std::string(file) + ":" + function);
    if (is_new) place->second = static_cast<SiteId>(numbers_.size());
    Event event{};
    event.site = place->second;
    event.thread = thread;
    imports_.on_event(event, site, ++number_);
    return number_;
  }
  bool covers(std::uint64_t number, std::uint32_t thread = 1) {
    return imports_.covers(thread, number);
  }

 private:
  Imports imports_;
  std::map<std::string, SiteId> numbers_;
  std::uint64_t number_ = 0;
};

TEST(Imports, WhatTheBodyOfAModuleCalls) {
  Replay run;
  run.at("main.py");
  run.at(kMachinery, "_call_with_frames_removed");
  const auto first = run.at("/lib/a.py");
  const auto inside = run.at("/lib/helper.py", "work");
  const auto other_thread = run.at("/lib/helper.py", "work", 2);
  const auto last = run.at("/lib/a.py");
  const auto after = run.at("/lib/helper.py", "work");
  run.at("main.py");
  EXPECT_TRUE(run.covers(first));
  EXPECT_TRUE(run.covers(inside));
  EXPECT_TRUE(run.covers(last));
  EXPECT_FALSE(run.covers(after));
  EXPECT_FALSE(run.covers(other_thread, 2));
  EXPECT_FALSE(run.covers(1));
}

TEST(Imports, OneInsideTheOther) {
  Replay run;
  run.at(kMachinery, "exec");
  run.at("/lib/a.py");
  run.at(kMachinery, "exec");
  run.at("/lib/b.py");
  const auto tail_of_b = run.at("/lib/helper.py", "work");
  run.at("/lib/a.py");
  const auto between = run.at("/lib/helper.py", "work");
  run.at(kMachinery, "exec");
  const auto later = run.at("/lib/c.py");
  EXPECT_TRUE(run.covers(tail_of_b));
  EXPECT_FALSE(run.covers(between));
  EXPECT_TRUE(run.covers(later));
}

TEST(Imports, TheMainProgramIsNone) {
  Replay run;
  run.at("", "");
  run.at("/program/main.py");
  const auto work = run.at("/program/main.py", "work");
  run.at("/program/main.py");
  EXPECT_FALSE(run.covers(work));
}

TEST(Imports, AProgramThatBeginsWithAnImportIsNone) {
  for (const std::string& words : {"python3\0../main.py\0"s, "python3\0-m\0cProfile\0main.py\0"s,
                                   "python3\0-m\0pytest\0main.py::test\0"s}) {
    Replay run(words);
    run.at(kMachinery, "create_dynamic");
    run.at("/program/main.py");
    const auto work = run.at("/program/main.py", "work");
    run.at("/program/main.py");
    EXPECT_FALSE(run.covers(work)) << words;
  }
}

TEST(Imports, TheMainProgramOfAModuleIsNone) {
  for (const char* const file : {"/lib/tool/run.py", "/lib/tool/run/__main__.py"}) {
    for (const std::string& words :
         {"python3\0-X\0dev\0-m\0tool.run\0"s, "python3\0-mtool.run\0x\0"s}) {
      Replay run(words);
      run.at(kMachinery, "get_code");
      run.at(file);
      const auto work = run.at(file, "work");
      run.at(file);
      EXPECT_FALSE(run.covers(work)) << file << words;
    }
  }
}

TEST(Imports, OptionsOfTheProgramAreNotPythons) {
  Replay run("python3\0main.py\0-m\0tool.run\0"s);
  run.at(kMachinery, "get_code");
  run.at("/lib/tool/run.py");
  const auto work = run.at("/lib/tool/run.py", "work");
  run.at("/lib/tool/run.py");
  EXPECT_TRUE(run.covers(work));
}

TEST(Imports, TextsAreNoModules) {
  Replay run;
  run.at(kMachinery, "exec");
  run.at("<string>");
  const auto work = run.at("/program/main.py", "work");
  run.at("<string>");
  EXPECT_FALSE(run.covers(work));
}

}  // namespace
}  // namespace pymemflow::report
