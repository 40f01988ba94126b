// What is set aside of what is alive at the end, and why.

#include "report/asides.h"

#include <gtest/gtest.h>

namespace pymemflow::report {
namespace {

std::optional<Aside> of(const char* file, const char* function) {
  Site site;
  site.has_frame = true;
  site.file = file;
  site.function = function;
  return aside_of(site);
}

EngineUse of_engine(const char* module, const char* caller) {
  Place place;
  place.module = module;
  place.caller = caller;
  return engine_use(place);
}

TEST(Asides, ClassesOfTheStandardLibrary) {
  EXPECT_EQ(of("<frozen abc>", "__new__"), Aside::Class);
  EXPECT_EQ(of("/usr/lib/python3.9/abc.py", "__new__"), Aside::Class);
  EXPECT_EQ(of("/usr/lib/python3.9/collections/__init__.py", "namedtuple"), Aside::Class);
  EXPECT_EQ(of("/usr/lib/python3.9/abc.py", "register"), std::nullopt);
  EXPECT_EQ(of("/home/me/abc.py", "__new__"), std::nullopt);
  EXPECT_EQ(of("/usr/lib/python3.9/myabc.py", "__new__"), std::nullopt);
}

TEST(Asides, TheEnvironment) {
  EXPECT_EQ(of("<frozen os>", "__setitem__"), Aside::Environment);
  EXPECT_EQ(of("/usr/lib/python3.9/os.py", "__setitem__"), Aside::Environment);
  EXPECT_EQ(of("/usr/lib/python3.9/os.py", "walk"), std::nullopt);
}

TEST(Asides, Imports) {
  EXPECT_EQ(of("<frozen importlib._bootstrap>", "_call_with_frames_removed"), Aside::Import);
  EXPECT_EQ(of("/usr/lib/python3.8/encodings/utf_8.py", "getregentry"), Aside::Import);
  EXPECT_EQ(of("/usr/lib/python3.8/site-packages/encodings/utf_8.py", "getregentry"), std::nullopt);
  EXPECT_EQ(of("/usr/lib/python3.8/ctypes/__init__.py", "__init__"), Aside::Import);
}

TEST(Asides, WhatTheEngineTakesForItself) {
  EXPECT_EQ(of_engine("/usr/bin/python3.11", "python3.11`0x610eda"), EngineUse::Always);
  EXPECT_EQ(of_engine("/usr/lib/libc.so.6", "libc.so.6`setlocale"), EngineUse::Always);
  EXPECT_EQ(of_engine("/lib64/ld-linux-x86-64.so.2", "ld-linux-x86-64.so.2`0x9c1"),
            EngineUse::Always);
  EXPECT_EQ(of_engine("/usr/lib/libc.so.6", "0x7f0012"), EngineUse::Always);
  EXPECT_EQ(of_engine("/home/me/_mine.so", "_mine.so`make"), EngineUse::None);
  EXPECT_EQ(of_engine("/home/me/_mine.so", "_mine.so`strdup"), EngineUse::None);
  EXPECT_EQ(of_engine("", ""), EngineUse::None);
}

TEST(Asides, WhatAFunctionHandsToItsCallerIsTheCallers) {
  for (const char* const caller : {"libc.so.6`strdup", "libc.so.6`__strdup", "libstdc++.so.6`_Znwm",
                                   "libstdc++.so.6`operator new(unsigned long)"}) {
    EXPECT_EQ(of_engine("/usr/lib/libc.so.6", caller), EngineUse::Start) << caller;
  }
  EXPECT_EQ(of_engine("/usr/lib/libc.so.6", "libc.so.6`strdupper"), EngineUse::Always);
}

}  // namespace
}  // namespace pymemflow::report
