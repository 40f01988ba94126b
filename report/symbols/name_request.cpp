#include "report/symbols/name_request.h"

#include <cstring>
#include <utility>

namespace pymemflow::report {
namespace {

void put_number(String& bytes, std::uint64_t number) {
  char raw[sizeof number];
  std::memcpy(raw, &number, sizeof number);
  bytes.append(raw, sizeof raw);
}

void put_text(String& bytes, std::string_view text) {
  put_number(bytes, text.size());
  bytes += text;
}

// Reads what the functions above wrote. After the first failure everything is empty or 0.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : left_(bytes) {}

  std::uint64_t number() {
    std::uint64_t number = 0;
    const std::string_view raw = take(sizeof number);
    if (raw.size() == sizeof number) std::memcpy(&number, raw.data(), sizeof number);
    return number;
  }
  std::string_view text() { return take(number()); }
  bool is_sound() const { return is_sound_; }
  bool is_at_end() const { return is_sound_ && left_.empty(); }

 private:
  std::string_view take(std::uint64_t size) {
    if (!is_sound_ || size > left_.size()) {
      is_sound_ = false;
      return {};
    }
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }

  std::string_view left_;
  bool is_sound_ = true;
};

void put_details(String& bytes, const CodeDetails& details) {
  put_text(bytes, details.function);
}

CodeDetails read_details(Bytes& bytes) {
  CodeDetails details;
  details.function = bytes.text();
  return details;
}

}  // namespace

String write_name_request(const Vector<Module>& modules, const Vector<NameQuestion>& questions) {
  String bytes;
  put_number(bytes, modules.size());
  for (const Module& module : modules) {
    put_number(bytes, module.start);
    put_number(bytes, module.end);
    put_number(bytes, module.offset);
    put_text(bytes, module.path);
    put_text(bytes, module.build_id);
  }
  put_number(bytes, questions.size());
  for (const NameQuestion& question : questions) {
    put_number(bytes, question.address);
    put_number(bytes, question.module);
  }
  return bytes;
}

String answer_name_request(std::string_view request) {
  Bytes bytes(request);
  Vector<Module> modules;
  for (std::uint64_t left = bytes.number(); left > 0 && bytes.is_sound(); --left) {
    Module module;
    module.start = bytes.number();
    module.end = bytes.number();
    module.offset = bytes.number();
    module.path = bytes.text();
    module.build_id = bytes.text();
    modules.push_back(module);
  }
  Symbols symbols(modules, Symbols::Where::kOffline);
  String answer;
  for (std::uint64_t left = bytes.number(); left > 0 && bytes.is_sound(); --left) {
    const std::uint64_t address = bytes.number();
    const auto module = static_cast<std::uint32_t>(bytes.number());
    put_text(answer, symbols.name(address, module));
    put_details(answer, symbols.details(address, module));
  }
  return bytes.is_at_end() ? answer : String();
}

bool read_name_answer(std::string_view answer, std::size_t count,
                      const std::function<void(std::size_t, NameAnswer)>& take) {
  Vector<NameAnswer> names;
  Bytes bytes(answer);
  for (std::size_t i = 0; i < count && bytes.is_sound(); ++i) {
    const std::string_view name = bytes.text();
    names.push_back({name, read_details(bytes)});
  }
  if (!bytes.is_at_end()) return false;
  for (std::size_t i = 0; i < count; ++i) take(i, std::move(names[i]));
  return true;
}

}  // namespace pymemflow::report
