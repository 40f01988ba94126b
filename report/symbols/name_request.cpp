#include "report/symbols/name_request.h"

#include <utility>

#include "report/symbols/byte_text.h"
#include "report/symbols/engine_files.h"

namespace pymemflow::report {
namespace {

void put_details(String& bytes, const CodeDetails& details) {
  put_text(bytes, details.function);
  put_lines(bytes, details.lines);
}

CodeDetails read_details(Bytes& bytes) {
  CodeDetails details;
  details.function = bytes.text();
  read_lines(bytes, details.lines);
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
  symbols.want_lines({.is_wanted = is_foreign});
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
