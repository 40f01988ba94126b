#include "report/rows/module_names.h"

#include <gtest/gtest.h>

namespace pymemflow::report {
namespace {

SiteName python_line(const char* file) {
  SiteName line;
  line.has_frame = true;
  line.file = file;
  line.function = "f";
  line.line = 7;
  return line;
}

TEST(ModuleNames, AreThoseThatPythonImports) {
  const auto name = [](const char* file) { return module_row(python_line(file)).group; };
  EXPECT_EQ(name("/usr/lib/python3.11/json/decoder.py"), "json.decoder");
  EXPECT_EQ(name("/usr/lib/python3.11/json/__init__.py"), "json");
  EXPECT_EQ(name("/usr/lib64/python3.9/os.py"), "os");
  EXPECT_EQ(name("/venv/lib/python3.13/site-packages/pandas/io/csv.py"), "pandas.io.csv");
  EXPECT_EQ(name("/usr/lib/python3/dist-packages/yaml/__init__.py"), "yaml");
  EXPECT_EQ(name("/venv/lib/python3.13/site-packages/six.py"), "six");
  EXPECT_EQ(name("<frozen importlib._bootstrap>"), "importlib._bootstrap");
  EXPECT_EQ(name("<string>"), "<string>");
  EXPECT_EQ(name("/home/me/app.py"), "app");
  EXPECT_EQ(name("app.py"), "app");
  EXPECT_EQ(name(".py"), ".py");
  EXPECT_EQ(name(""), "");
  EXPECT_EQ(name("<frozen "), "<frozen ");
}

TEST(ModuleNames, OfDifferentFilesAreDifferentRows) {
  EXPECT_NE(module_row(python_line("/a/utils.py")).key(),
            module_row(python_line("/b/utils.py")).key());
  EXPECT_EQ(module_row(python_line("/venv/lib/python3.13/site-packages/six.py")).key(),
            module_row(python_line("/other/lib/python3.13/site-packages/six.py")).key());
}

TEST(ModuleNames, OfCFunctionsAreTheirLibraries) {
  SiteName site;
  site.caller = "libxml2.so.2`xmlNewNode";
  site.module = "/usr/lib/libxml2.so.2";
  EXPECT_EQ(module_row(site).group, "libxml2.so.2");
  site.caller = kInNoFile;
  site.module.clear();
  EXPECT_EQ(module_row(site).group, kInNoFile);
  site.caller = "0x7f0000001234";
  EXPECT_EQ(module_row(site).group, kInNoFile);
}

}  // namespace
}  // namespace pymemflow::report
