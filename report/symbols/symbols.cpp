#include "report/symbols/symbols.h"

#include <fmt/core.h>

#include <iterator>

#include "report/base/names.h"
#include "report/symbols/demangle.h"

namespace pymemflow::report {
namespace {

// More names are left as they are: a short one of a hostile file can stand for a long one.
constexpr std::size_t kMostDemangledBytes = std::size_t{64} << 20;

}  // namespace

std::string_view Symbols::name(std::uint64_t address, std::uint32_t module) {
  const std::pair key(address, module);
  const auto known = names_.find(key);
  if (known != names_.end()) return known->second;
  if (source_ != nullptr) {
    source_->find_names(*this);
    const auto found = names_.find(key);
    if (found != names_.end()) return found->second;
  }
  return names_.emplace(key, make_name(address, module_of(address, module))).first->second;
}

const CodeDetails& Symbols::details(std::uint64_t address, std::uint32_t module) {
  const std::string_view name = this->name(address, module);
  const auto [found, is_new] = details_.try_emplace(std::pair(address, module));
  if (is_new) found->second = make_details(name, address, module_of(address, module));
  return found->second;
}

void Symbols::set_name(std::uint64_t address, std::uint32_t module, std::string_view name,
                       CodeDetails details) {
  const std::pair key(address, module);
  if (names_.try_emplace(key, name).second) details_[key] = std::move(details);
}

const Module* Symbols::module_of(std::uint64_t address, std::uint32_t number) const {
  if (number != 0 && number <= modules_.size()) return &modules_[number - 1];
  const Module* found = nullptr;
  for (const Module& module : modules_) {
    if (module.start <= address && address < module.end) found = &module;
  }
  return found;
}

SymbolTable& Symbols::table_of(const Module& module) {
  const auto [found, is_new] = tables_.try_emplace(module.path, module.path);
  if (is_new) gaps_.add(found->second.gaps());
  return found->second;
}

SymbolTable* Symbols::sound_table_of(const Module& module) {
  SymbolTable& table = table_of(module);
  const bool is_other =
      !table.is_in_no_file() && !module.build_id.empty() && module.build_id != table.build_id();
  return is_other ? nullptr : &table;
}

SymbolGaps Symbols::gaps() const {
  SymbolGaps gaps = gaps_;
  if (code_lines_) gaps.add(code_lines_->gaps());
  return gaps;
}

std::string_view Symbols::find_symbol(const Module* module, std::uint64_t address) {
  if (source_ != nullptr) return {};
  bool may_have_more_names = true;
  bool is_here = where_ == Where::kInProcess;
  if (module != nullptr) {
    SymbolTable* const sound = sound_table_of(*module);
    if (sound == nullptr) return {};
    SymbolTable& table = *sound;
    const std::uint64_t file_offset = address - module->start + module->offset;
    std::string_view symbol = table.find(file_offset);
    if (symbol.empty()) symbol = table.find(file_offset - 1);
    if (!symbol.empty()) return symbol;
    may_have_more_names = table.has_more_names();
    is_here = is_here ||
              (table.is_in_no_file() && UnwindNames::is_shared(module->start, module->build_id));
  }
  if (!is_here || !may_have_more_names) return {};
  const std::string_view symbol = unwind_names_.name(address);
  return symbol.empty() ? unwind_names_.name(address - 1) : symbol;
}

String Symbols::make_name(std::uint64_t address, const Module* module) {
  const std::string_view path = module == nullptr ? std::string_view() : module->path;
  String name;
  if (!path.empty()) {
    name += base_name(path);
    name += '`';
  }
  const std::string_view symbol = find_symbol(path.empty() ? nullptr : module, address);
  if (symbol.empty()) {
    fmt::format_to(std::back_inserter(name), "{:#x}", address);
  } else {
    name += cut_name(symbol);
  }
  return name;
}

String Symbols::function_of(std::string_view symbol) {
  if (symbol.empty() || demangled_bytes_ > kMostDemangledBytes) return {};
  String function = demangled(symbol);
  demangled_bytes_ += function.size();
  return function;
}

CodeDetails Symbols::make_details(std::string_view name, std::uint64_t address,
                                  const Module* module) {
  CodeDetails details;
  details.function = function_of(symbol_in(name));
  if (module != nullptr && !module->path.empty() && source_ == nullptr) {
    details.lines = make_lines(address, *module);
  }
  return details;
}

// The byte before a return address belongs to the call.
Vector<CodeLine> Symbols::make_lines(std::uint64_t address, const Module& module) {
  if (!code_lines_ || lines_wanted_.is_wanted == nullptr || !lines_wanted_.is_wanted(module.path)) {
    return {};
  }
  const SymbolTable* const table = sound_table_of(module);
  std::uint64_t place = 0;
  if (table == nullptr || !table->find_address(address - 1 - module.start + module.offset, place)) {
    return {};
  }
  return code_lines_->find({.path = module.path,
                            .debug_link = table->debug_link(),
                            .build_id = table->build_id(),
                            .has_own = table->has_debug_information()},
                           place);
}

std::string_view symbol_in(std::string_view name) {
  const std::size_t tick = name.find('`');
  if (tick != std::string_view::npos) name.remove_prefix(tick + 1);
  return name.starts_with("0x") ? std::string_view() : name;
}

}  // namespace pymemflow::report
