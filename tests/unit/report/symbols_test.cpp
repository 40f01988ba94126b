#include "report/symbols/symbols.h"

#include <dlfcn.h>
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace pymemflow::report {
namespace {

using Where = Symbols::Where;

// `paths` owns the paths to which the modules refer.
struct Modules {
  std::vector<std::string> paths;
  Vector<Module> list;
};

// Returns the mappings of this process.
Modules own_modules() {
  Modules modules;
  std::ifstream maps("/proc/self/maps");
  Vector<Module> list;
  for (std::string line; std::getline(maps, line);) {
    Module module;
    char path[4096] = "";
    std::sscanf(line.c_str(), "%lx-%lx %*s %lx %*s %*s %4095[^\n]", &module.start, &module.end,
                &module.offset, path);
    modules.list.push_back(module);
    modules.paths.emplace_back(path);
  }
  for (std::size_t i = 0; i < modules.list.size(); ++i) modules.list[i].path = modules.paths[i];
  return modules;
}

// A library of fixtures/ that is opened in this process. The stripped copies have the same code at
// the same offsets, so an address in the whole library gives the offset in each copy.
class Library {
 public:
  explicit Library(const char* path) : handle_(dlopen(path, RTLD_NOW | RTLD_LOCAL)) {
    EXPECT_NE(handle_, nullptr) << dlerror();
    modules_ = own_modules();
  }
  ~Library() { dlclose(handle_); }

  std::uint64_t address(const char* symbol) const {
    return reinterpret_cast<std::uint64_t>(dlsym(handle_, symbol));
  }
  std::uint64_t static_function() const { return answer_of("static_function_address"); }
  std::uint64_t forgotten_function() const { return answer_of("forgotten_function_address"); }
  const Vector<Module>& modules() const { return modules_.list; }

 private:
  std::uint64_t answer_of(const char* function) const {
    return reinterpret_cast<std::uint64_t (*)()>(address(function))();
  }

  void* handle_;
  Modules modules_;
};

// A file that takes other bytes than those of the library of fixtures/.
class DamagedFile {
 public:
  DamagedFile() : file_(mkstemp(path_)) {
    EXPECT_GE(file_, 0);
    whole_ << std::ifstream(PMF_FIXTURE_WHOLE, std::ios::binary).rdbuf();
  }
  ~DamagedFile() {
    close(file_);
    unlink(path_);
  }
  DamagedFile(const DamagedFile&) = delete;
  DamagedFile& operator=(const DamagedFile&) = delete;

  std::string whole() const { return whole_.str(); }

  // Names addresses all over the file, once it has these bytes.
  void look_into(const std::string& bytes) const {
    ASSERT_EQ(ftruncate(file_, 0), 0);
    ASSERT_EQ(pwrite(file_, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    const Vector<Module> modules = {{.start = 0x10000, .end = 0x90000, .offset = 0, .path = path_}};
    Symbols symbols(modules, Where::kOffline);
    for (std::uint64_t address = 0x10000; address < 0x18000; address += 512) {
      EXPECT_FALSE(symbols.name(address).empty());
    }
  }

 private:
  char path_[32] = "/tmp/pymemflow-damaged-XXXXXX";
  const int file_;
  std::stringstream whole_;
};

std::string name_of(const Library& library, std::uint64_t address, Where where = Where::kOffline) {
  Symbols symbols(library.modules(), where);
  return std::string(symbols.name(address));
}

std::string raw(std::uint64_t address) {
  return fmt::format("{:#x}", address);
}

TEST(Symbols, StaticFunctionsCount) {
  const Library library(PMF_FIXTURE_WHOLE);
  EXPECT_EQ(name_of(library, library.static_function()), "libwhole.so`static_function");
  EXPECT_EQ(name_of(library, library.static_function() + 3), "libwhole.so`static_function");
}

TEST(Symbols, OfAStrippedFileAreTheDynamicOnes) {
  const Library library(PMF_FIXTURE_STRIPPED);
  EXPECT_EQ(name_of(library, library.address("exported_function")),
            "libstripped.so`exported_function");
}

TEST(Symbols, AreNeverTheNearestOnesBefore) {
  const Library library(PMF_FIXTURE_STRIPPED);
  for (const Where where : {Where::kOffline, Where::kInProcess}) {
    const std::uint64_t hidden = library.static_function() + 3;
    EXPECT_EQ(name_of(library, hidden, where), "libstripped.so`" + raw(hidden));
    const std::uint64_t gap = library.address("after_gap") - 16;
    EXPECT_EQ(name_of(library, gap, where), "libstripped.so`" + raw(gap));
  }
}

TEST(Symbols, OfMiniDebugDataAreUnpacked) {
#ifdef PMF_FIXTURE_MINI_DEBUG
  const Library library(PMF_FIXTURE_MINI_DEBUG);
  const std::uint64_t hidden = library.static_function() + 3;
  EXPECT_EQ(name_of(library, hidden, Where::kInProcess), "libminidebug.so`static_function");
  EXPECT_EQ(name_of(library, hidden, Where::kOffline), "libminidebug.so`static_function");
  const std::uint64_t forgotten = library.forgotten_function() + 3;
  EXPECT_EQ(name_of(library, forgotten, Where::kInProcess), "libminidebug.so`" + raw(forgotten));
#else
  GTEST_SKIP() << "objcopy or xz is not installed";
#endif
}

TEST(Symbols, AtOneAddressAreChosenByRule) {
  const Library library(PMF_FIXTURE_WHOLE);
  const auto choice = [&](const char* label, int offset) {
    return name_of(library, library.address(label) + offset);
  };
  EXPECT_EQ(choice("any_object", 4), "libwhole.so`own_function");
  EXPECT_EQ(choice("b_global", 4), "libwhole.so`b_global");
  EXPECT_EQ(choice("b_plain", 4), "libwhole.so`b_plain");
  EXPECT_EQ(choice("a_large", 4), "libwhole.so`b_small");
  EXPECT_EQ(choice("a_large", 20), "libwhole.so`a_large");
  EXPECT_EQ(choice("beta", 4), "libwhole.so`alpha");
}

TEST(Symbols, ThatLieInEachOtherAreTheInnermost) {
  const Library library(PMF_FIXTURE_WHOLE);
  EXPECT_EQ(name_of(library, library.address("outer") + 4), "libwhole.so`outer");
  EXPECT_EQ(name_of(library, library.address("outer") + 12), "libwhole.so`inner");
  EXPECT_EQ(name_of(library, library.address("outer") + 20), "libwhole.so`outer");
}

TEST(Symbols, HaveNoVersions) {
  const Library library(PMF_FIXTURE_WHOLE);
  const std::string name = name_of(library, library.address("versioned") + 4);
  EXPECT_TRUE(name == "libwhole.so`versioned" || name == "libwhole.so`versioned_one") << name;
}

TEST(Symbols, OfAReturnAddressBehindTheLastInstructionAreThoseOfTheCall) {
  const Library library(PMF_FIXTURE_WHOLE);
  const std::uint64_t end_of_outer = library.address("outer") + 32;
  EXPECT_EQ(name_of(library, end_of_outer), "libwhole.so`outer");
  EXPECT_EQ(name_of(library, end_of_outer + 1), "libwhole.so`" + raw(end_of_outer + 1));
}

TEST(Symbols, OfAProgramThatIsGone) {
  for (const char* program : {PMF_FIXTURE_PROGRAM, PMF_FIXTURE_PROGRAM_FIXED}) {
    std::FILE* const output = popen(program, "r");
    ASSERT_NE(output, nullptr);
    std::uint64_t address = 0;
    Module module = {.start = 0, .end = 0, .offset = 0, .path = program};
    EXPECT_EQ(std::fscanf(output, "%lx %lx %lx %lx", &address, &module.start, &module.end,
                          &module.offset),
              4);
    EXPECT_EQ(pclose(output), 0);
    const Vector<Module> modules = {module};
    Symbols symbols(modules, Where::kOffline);
    const std::string file = std::string(program).substr(std::string(program).rfind('/') + 1);
    EXPECT_EQ(symbols.name(address + 1), file + "`static_function");
    EXPECT_EQ(symbols.name(module.end), raw(module.end));
  }
}

TEST(Symbols, OutsideOfAllFilesAreTheAddressAlone) {
  const Vector<Module> modules;
  Symbols symbols(modules, Where::kInProcess);
  EXPECT_EQ(symbols.name(0x10), "0x10");
  EXPECT_EQ(symbols.name(0), "0x0");
}

TEST(Symbols, OfFilesThatCannotBeReadAreAddresses) {
  const Vector<Module> modules = {
      {.start = 0x1000, .end = 0x2000, .offset = 0, .path = "/usr/lib/gone.so (deleted)"},
      {.start = 0x2000, .end = 0x3000, .offset = 0, .path = "/dev/null"},
      {.start = 0x3000, .end = 0x4000, .offset = 0, .path = "/proc/self/maps"},
      {.start = 0x4000, .end = 0x5000, .offset = 0, .path = "[vdso]"},
      {.start = 0x5000, .end = 0x6000, .offset = 0, .path = ""}};
  Symbols symbols(modules, Where::kOffline);
  EXPECT_EQ(symbols.name(0x1010), "gone.so (deleted)`0x1010");
  EXPECT_EQ(symbols.name(0x2010), "null`0x2010");
  EXPECT_EQ(symbols.name(0x3010), "maps`0x3010");
  EXPECT_EQ(symbols.name(0x4010), "[vdso]`0x4010");
  EXPECT_EQ(symbols.name(0x5010), "0x5010");
}

TEST(Symbols, OfAFileThatIsCutAnywhereDoNoHarm) {
  DamagedFile file;
  std::string bytes = file.whole();
  while (bytes.size() > 7) {
    bytes.resize(bytes.size() - bytes.size() / 7);
    file.look_into(bytes);
  }
}

TEST(Symbols, OfDamagedFilesDoNoHarm) {
  DamagedFile file;
  std::uint64_t random = 1;
  for (int round = 0; round < 300; ++round) {
    std::string bytes = file.whole();
    for (int i = 0; i < 40; ++i) {
      random = random * 6364136223846793005U + 1442695040888963407U;
      // Headers and tables are at the two ends of the file.
      const std::size_t place = (random >> 33) % 2048;
      bytes[i % 2 == 0 ? place : bytes.size() - 1 - place] = static_cast<char>(random >> 24);
    }
    file.look_into(bytes);
  }
}

TEST(Symbols, OfALibraryOfTheSystem) {
  const Modules modules = own_modules();
  Symbols symbols(modules.list, Where::kInProcess);
  const auto address = reinterpret_cast<std::uint64_t>(dlsym(RTLD_DEFAULT, "gnu_get_libc_version"));
  EXPECT_EQ(symbols.name(address + 4).substr(0, 4), "libc");
  EXPECT_NE(symbols.name(address + 4).find("`gnu_get_libc_version"), std::string_view::npos)
      << symbols.name(address + 4);
}

}  // namespace
}  // namespace pymemflow::report
