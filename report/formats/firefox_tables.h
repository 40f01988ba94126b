#pragma once
// The tables of stacks, frames, functions and texts of a profile of the Firefox Profiler. Report
// side, one thread.

#include <cstdint>
#include <string_view>
#include <tuple>

#include "report/base/json_text.h"
#include "report/base/memory.h"
#include "report/base/names.h"
#include "report/stacks/call_tree.h"

namespace pymemflow::report {

class FirefoxTables {
 public:
  // Both are borrowed. The tree may grow meanwhile.
  FirefoxTables(const CallTree& tree, const Names& names) : tree_(tree), names_(names) {}

  // The number of a stack of the tree in the table of stacks.
  std::uint32_t stack_of(CallNode stack);

  // Adds the tables to the open object. `flush` is called between the values.
  template <typename Flush>
  void write(JsonText& json, Flush flush) const {
    write_stacks(json, flush);
    write_frames(json, flush);
    write_functions(json, flush);
    write_libraries(json, flush);
    json.key("stringArray").begin_array();
    for (const String& text : texts_) {
      json.value(std::string_view(text));
      flush();
    }
    json.end_array();
  }

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  struct Stack {
    std::uint32_t frame;
    std::uint32_t prefix;  // kNone: there is none
  };
  struct Frame {
    std::uint32_t function;
    std::int32_t line;
    bool is_python;
  };
  struct Function {
    std::uint32_t name;     // text
    std::uint32_t file;     // text, or kNone
    std::uint32_t library;  // or kNone

    bool operator<(const Function& other) const {
      return std::tie(name, file, library) < std::tie(other.name, other.file, other.library);
    }
  };

  std::uint32_t add_stack(std::uint32_t frame, std::uint32_t prefix);
  std::uint32_t frame_of(std::uint32_t name);
  std::uint32_t root_of(CallNode end);
  std::uint32_t function_of(const Function& function);
  std::uint32_t text_of(std::string_view text);
  std::uint32_t library_of(std::string_view path);

  template <typename Rows, typename Flush, typename Value>
  static void column(JsonText& json, std::string_view name, const Rows& rows, Flush flush,
                     Value value) {
    json.key(name).begin_array();
    for (const auto& row : rows) {
      value(row);
      flush();
    }
    json.end_array();
  }
  static void number(JsonText& json, std::uint32_t value) {
    if (value == kNone) {
      json.null();
    } else {
      json.value(std::uint64_t{value});
    }
  }

  template <typename Flush>
  void write_stacks(JsonText& json, Flush flush) const {
    json.key("stackTable").begin_object();
    column(json, "frame", stacks_, flush, [&](const Stack& each) { number(json, each.frame); });
    column(json, "prefix", stacks_, flush, [&](const Stack& each) { number(json, each.prefix); });
    const auto category = [&](const Stack& each) {
      number(json, frames_[each.frame].is_python ? 0 : 1);
    };
    column(json, "category", stacks_, flush, category);
    column(json, "subcategory", stacks_, flush, [&](const Stack&) { number(json, 0); });
    json.field("length", std::uint64_t{stacks_.size()}).end_object();
  }

  template <typename Flush>
  void write_frames(JsonText& json, Flush flush) const {
    json.key("frameTable").begin_object();
    const auto all = [&](std::string_view name, auto value) {
      column(json, name, frames_, flush, value);
    };
    const auto null = [&](const Frame&) { json.null(); };
    const auto zero = [&](const Frame&) { number(json, 0); };
    all("address", [&](const Frame&) { json.value(std::int64_t{-1}); });
    all("inlineDepth", zero);
    all("category", [&](const Frame& each) { number(json, each.is_python ? 0 : 1); });
    all("subcategory", zero);
    all("func", [&](const Frame& each) { number(json, each.function); });
    all("nativeSymbol", null);
    all("innerWindowID", null);
    all("implementation", null);
    all("line", [&](const Frame& each) {
      number(json, each.line > 0 ? static_cast<std::uint32_t>(each.line) : kNone);
    });
    all("column", null);
    json.field("length", std::uint64_t{frames_.size()}).end_object();
  }

  template <typename Flush>
  void write_functions(JsonText& json, Flush flush) const {
    json.key("funcTable").begin_object();
    const auto all = [&](std::string_view name, auto value) {
      column(json, name, functions_, flush, value);
    };
    all("name", [&](const Function& each) { number(json, each.name); });
    all("isJS", [&](const Function&) { json.value(false); });
    all("relevantForJS", [&](const Function&) { json.value(false); });
    all("resource", [&](const Function& each) {
      json.value(each.library == kNone ? std::int64_t{-1} : std::int64_t{each.library});
    });
    all("fileName", [&](const Function& each) { number(json, each.file); });
    all("lineNumber", [&](const Function&) { json.null(); });
    all("columnNumber", [&](const Function&) { json.null(); });
    json.field("length", std::uint64_t{functions_.size()}).end_object();
  }

  template <typename Flush>
  void write_libraries(JsonText& json, Flush flush) const {
    constexpr std::uint64_t kLibrary = 1;  // the type of the resource
    json.key("resourceTable").begin_object();
    column(json, "lib", libraries_, flush, [&](std::uint32_t) { json.null(); });
    column(json, "name", libraries_, flush, [&](std::uint32_t text) { number(json, text); });
    column(json, "host", libraries_, flush, [&](std::uint32_t) { json.null(); });
    column(json, "type", libraries_, flush, [&](std::uint32_t) { json.value(kLibrary); });
    json.field("length", std::uint64_t{libraries_.size()}).end_object();
    json.key("nativeSymbols").begin_object();
    for (const std::string_view name : {"libIndex", "address", "name", "functionSize"}) {
      json.key(name).begin_array().end_array();
    }
    json.field("length", std::uint64_t{0}).end_object();
  }

  const CallTree& tree_;
  const Names& names_;
  Vector<Stack> stacks_;
  Vector<Frame> frames_;
  Vector<Function> functions_;
  Vector<std::uint32_t> libraries_;  // their texts
  Vector<String> texts_;
  HashMap<String, std::uint32_t, StringHash> text_numbers_;
  Map<Function, std::uint32_t> function_numbers_;
  HashMap<String, std::uint32_t, StringHash> library_numbers_;
  Vector<std::uint32_t> frame_numbers_;  // plus 1, by the number of the name in the tree
  Vector<std::uint32_t> stack_numbers_;  // plus 1, by the node in the tree
};

}  // namespace pymemflow::report
