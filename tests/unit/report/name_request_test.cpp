#include "report/symbols/name_request.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "report/symbols/symbols.h"

namespace pymemflow::report {
namespace {

// The mappings of this process; `paths` owns what the modules refer to.
struct Modules {
  Modules() {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
      Module module;
      char path[4096] = "";
      std::sscanf(line.c_str(), "%lx-%lx %*s %lx %*s %*s %4095[^\n]", &module.start, &module.end,
                  &module.offset, path);
      list.push_back(module);
      paths.emplace_back(path);
    }
    for (std::size_t i = 0; i < list.size(); ++i) list[i].path = paths[i];
  }
  std::vector<std::string> paths;
  Vector<Module> list;
};

std::uint64_t address_of(const void* function) {
  return reinterpret_cast<std::uint64_t>(function);
}

Vector<NameQuestion> questions() {
  return {{address_of(reinterpret_cast<const void*>(&std::getenv)), 0},
          {1, 0},  // in no module
          {address_of(reinterpret_cast<const void*>(&std::abort)) + 1, 0},
          {address_of(reinterpret_cast<const void*>(&std::terminate)), 0}};
}

std::vector<std::string> names_in(const String& answer, std::size_t count) {
  std::vector<std::string> names;
  const bool is_read = read_name_answer(answer, count, [&](std::size_t i, NameAnswer answered) {
    EXPECT_EQ(i, names.size());
    names.emplace_back(answered.name);
  });
  EXPECT_TRUE(is_read);
  return names;
}

TEST(NameRequest, IsAnsweredWithTheNamesOfSymbols) {
  const Modules modules;
  const Vector<NameQuestion> asked = questions();
  Symbols symbols(modules.list, Symbols::Where::kOffline);
  std::vector<std::string> expected;
  for (const NameQuestion& each : asked) {
    expected.emplace_back(symbols.name(each.address, each.module));
  }
  const String answer = answer_name_request(write_name_request(modules.list, asked));
  EXPECT_EQ(names_in(answer, asked.size()), expected);
  EXPECT_NE(expected[0].find("getenv"), std::string::npos);
}

TEST(NameRequest, AsksForTheModuleOfThatNumber) {
  // The same addresses were in another file before.
  Modules modules;
  const std::uint64_t address = questions()[0].address;
  Vector<Module> list = modules.list;
  for (Module& module : list) module.path = "/no/such/file";
  const auto before = static_cast<std::uint32_t>(list.size());
  list.insert(list.end(), modules.list.begin(), modules.list.end());
  std::uint32_t number = 0;
  for (std::uint32_t i = 0; i < before; ++i) {
    if (list[i].start <= address && address < list[i].end) number = i + 1;
  }
  ASSERT_NE(number, 0U);
  const Vector<NameQuestion> asked = {{address, number}, {address, number + before}, {address, 0}};
  const auto names = names_in(answer_name_request(write_name_request(list, asked)), asked.size());
  EXPECT_EQ(names[0].find("getenv"), std::string::npos);
  EXPECT_NE(names[1].find("getenv"), std::string::npos);
  EXPECT_EQ(names[2], names[1]);
}

TEST(NameRequest, WithoutModulesNamesAddresses) {
  const String answer = answer_name_request(write_name_request({}, questions()));
  for (const std::string& name : names_in(answer, questions().size())) EXPECT_FALSE(name.empty());
}

TEST(NameRequest, ThatIsCutOrLongerIsRefused) {
  const Modules modules;
  const String whole = write_name_request(modules.list, questions());
  // Each size at both ends; in between, where module after module is alike, every 97th.
  constexpr std::size_t kEnd = 200;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const bool is_at_an_end = size < kEnd || size + kEnd >= whole.size();
    if (!is_at_an_end && size % 97 != 0) continue;
    EXPECT_TRUE(answer_name_request(std::string_view(whole).substr(0, size)).empty()) << size;
  }
  EXPECT_TRUE(answer_name_request(whole + "x").empty());
}

TEST(NameRequest, OfRandomBytesDoesNoHarm) {
  std::mt19937_64 random(7);
  const Modules modules;
  const String whole = write_name_request(modules.list, questions());
  for (int round = 0; round < 200; ++round) {
    String bytes = whole;
    for (int change = 0; change < 4; ++change) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    const String answer = answer_name_request(bytes);
    EXPECT_LT(answer.size(), std::size_t{1} << 20);
  }
}

TEST(NameAnswer, HasTheSameDetailsAsSymbols) {
  const Modules modules;
  const Vector<NameQuestion> asked = questions();
  Symbols symbols(modules.list, Symbols::Where::kOffline);
  const String answer = answer_name_request(write_name_request(modules.list, asked));
  std::size_t count = 0;
  EXPECT_TRUE(read_name_answer(answer, asked.size(), [&](std::size_t i, NameAnswer answered) {
    const CodeDetails& expected = symbols.details(asked[i].address, asked[i].module);
    EXPECT_EQ(answered.details.function, expected.function);
    ++count;
  }));
  EXPECT_EQ(count, asked.size());
}

TEST(NameAnswer, WithAnotherNumberOfNamesIsRefused) {
  const Modules modules;
  const String whole = answer_name_request(write_name_request(modules.list, questions()));
  const auto refuse = [](std::string_view answer, std::size_t count) {
    return !read_name_answer(answer, count, [](std::size_t, NameAnswer) { FAIL(); });
  };
  EXPECT_TRUE(refuse(whole, questions().size() - 1));
  EXPECT_TRUE(refuse(whole, questions().size() + 1));
  EXPECT_TRUE(refuse(whole + "x", questions().size()));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_TRUE(refuse(std::string_view(whole).substr(0, size), questions().size())) << size;
  }
  EXPECT_TRUE(refuse("", 1));
}

}  // namespace
}  // namespace pymemflow::report
