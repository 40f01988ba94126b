// Tests which live memory is exempt, and for which reason.

#include "report/replay/exemptions.h"

#include <gtest/gtest.h>

namespace pymemflow::report {
namespace {

Exemption of(const char* file, const char* function) {
  Site site;
  site.has_frame = true;
  site.file = file;
  site.function = function;
  return exemption_of_code(site);
}

TEST(Exemptions, ClassesOfTheStandardLibrary) {
  EXPECT_EQ(of("<frozen abc>", "__new__"), Exemption::Class);
  EXPECT_EQ(of("/usr/lib/python3.9/abc.py", "__new__"), Exemption::Class);
  EXPECT_EQ(of("/usr/lib/python3.9/collections/__init__.py", "namedtuple"), Exemption::Class);
  EXPECT_EQ(of("/usr/lib/python3.9/abc.py", "register"), Exemption::None);
  EXPECT_EQ(of("/srv/app/abc.py", "__new__"), Exemption::None);
  EXPECT_EQ(of("/usr/lib/python3.9/myabc.py", "__new__"), Exemption::None);
}

TEST(Exemptions, TheEnvironment) {
  EXPECT_EQ(of("<frozen os>", "__setitem__"), Exemption::Environment);
  EXPECT_EQ(of("/usr/lib/python3.9/os.py", "__setitem__"), Exemption::Environment);
  EXPECT_EQ(of("/usr/lib/python3.9/os.py", "walk"), Exemption::None);
}

TEST(Exemptions, Imports) {
  EXPECT_EQ(of("<frozen importlib._bootstrap>", "_call_with_frames_removed"), Exemption::Import);
  EXPECT_EQ(of("/usr/lib/python3.8/encodings/utf_8.py", "getregentry"), Exemption::Import);
  EXPECT_EQ(of("/usr/lib/python3.8/site-packages/encodings/utf_8.py", "getregentry"),
            Exemption::None);
  EXPECT_EQ(of("/usr/lib/python3.8/ctypes/__init__.py", "__init__"), Exemption::Import);
}

TEST(Exemptions, FilesOfTheEngine) {
  EXPECT_TRUE(is_engine("/usr/bin/python3.11"));
  EXPECT_TRUE(is_engine("/usr/lib/libc.so.6"));
  EXPECT_TRUE(is_engine("/lib64/ld-linux-x86-64.so.2"));
  EXPECT_TRUE(is_engine("/usr/lib/system/libsystem_c.dylib"));
  EXPECT_TRUE(is_engine("/usr/lib/libc++abi.dylib"));
  EXPECT_TRUE(is_engine("/Library/Frameworks/Python.framework/Versions/3.13/Python"));
  EXPECT_FALSE(is_engine("/srv/app/_mine.so"));
  EXPECT_FALSE(is_engine("/opt/homebrew/lib/libcrypto.3.dylib"));
  EXPECT_FALSE(is_engine(""));
}

TEST(Exemptions, WhatAFunctionHandsToItsCaller) {
  EXPECT_TRUE(is_handed_out("libc.so.6`strdup"));
  EXPECT_TRUE(is_handed_out("libc.so.6`__strdup"));
  EXPECT_TRUE(is_handed_out("libstdc++.so.6`_Znwm"));
  EXPECT_TRUE(is_handed_out("libstdc++.so.6`operator new(unsigned long)"));
  EXPECT_TRUE(is_handed_out("libc++abi.dylib`_Znwm"));
  EXPECT_FALSE(is_handed_out("libc.so.6`strdupper"));
  EXPECT_FALSE(is_handed_out("libc.so.6`setlocale"));
  EXPECT_FALSE(is_handed_out("0x7f0012"));
}

}  // namespace
}  // namespace pymemflow::report
