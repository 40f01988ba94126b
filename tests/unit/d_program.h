#pragma once
// Runs the BEGIN clauses of the D programs in tests/conformance, and prints with our code instead
// of DTrace's, so that both printers are given the same data. It knows the statements that these
// programs use and throws at any other. For tests; one thread.

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "report/dtrace/flow_lines.h"
#include "report/dtrace/section.h"
#include "tests/unit/captured_output.h"

namespace pymemflow::report {

class DProgram {
 public:
  explicit DProgram(std::string source) : source_(std::move(source)) {}

  std::string run() {
    while (skip_blanks(), position_ < source_.size()) {
      if (source_[position_] == '#') {
        position_ = source_.find('\n', position_);
      } else {
        run_clause();
      }
    }
    return out_ + "\n";  // dtrace ends its output with an empty line
  }

 private:
  struct Value {
    bool is_string = false;
    std::string text;
    std::int64_t number = 0;
    bool is_long = false;
  };
  using Values = std::vector<Value>;
  struct Aggregation {
    std::map<std::vector<std::string>, Distribution> records;
  };

  // Names are paths of at most 255 raw bytes, as the D programs have them.
  static Names names() { return {.full_file_path = true, .escape = false, .limit_bytes = 255}; }

  void run_clause() {
    expect("BEGIN");
    const bool is_false = accept("/0/");
    expect("{");
    while (!accept("}")) {
      if (accept(";")) continue;
      if (is_false) {
        position_ = source_.find('}', position_);
      } else {
        run_statement();
      }
    }
  }

  void run_statement() {
    if (accept("printa(")) {
      const std::string format = parse_value().text;
      expect(", @");
      const std::string sums = parse_word();
      expect(", @");
      const std::string quantizes = parse_word();
      expect(")");
      print_aggregations(format, aggregations_[sums], aggregations_[quantizes]);
    } else if (accept("printf(")) {
      Values values = parse_values(')');
      const std::string format = values.at(0).text;
      values.erase(values.begin());
      print(format, values);
    } else if (accept("exit(0)")) {
      return;
    } else if (accept("@")) {
      aggregate();
    } else {
      const std::string variable = parse_word();
      expect("=");
      variables_[variable] = parse_value();
    }
  }

  void aggregate() {
    Aggregation& aggregation = aggregations_[parse_word()];
    expect("[");
    std::vector<std::string> key;
    for (const Value& value : parse_values(']')) {
      key.emplace_back(shown_function(names(), value.text));
    }
    expect("=");
    const std::string function = parse_word();
    expect("(");
    const Values values = parse_values(')');
    Distribution& record = aggregation.records[key];
    if (function == "sum") {
      Distribution added;
      added.add(static_cast<std::uint64_t>(values.at(0).number));
      record.sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(record.sum) +
                                             static_cast<std::uint64_t>(added.sum));
    } else if (function == "quantize") {
      record.quantize.add(values.at(0).number, values.size() > 1 ? values[1].number : 1);
    } else {
      fail("aggregating function " + function);
    }
  }

  void print_aggregations(const std::string& format, const Aggregation& sums,
                          const Aggregation& quantizes) {
    const bool has_usym_key = format == "   %A, total bytes = %@d %@d\n";
    if (!has_usym_key && format != "   %s, %s, bytes total = %@d %@d\n") fail("format " + format);
    Section section(has_usym_key ? Section::Key::kEngineCaller : Section::Key::kFileAndFunction);
    const auto record = [&](const std::vector<std::string>& key) -> Distribution& {
      return section.record(key.at(0), has_usym_key ? "" : key.at(1));
    };
    for (const auto& [key, aggregated] : sums.records) record(key).sum = aggregated.sum;
    for (const auto& [key, aggregated] : quantizes.records) {
      record(key).quantize = aggregated.quantize;
    }
    CapturedOutput captured;
    section.write(captured.output());
    out_ += captured.text();
  }

  // A flow line is printed by one call, or by two as in the D script. All other calls print text
  // with at most one %d.
  void print(const std::string& format, const Values& values) {
    static const std::string kFlow = "%6d %16s:%-4d -> %s ";
    static const std::string kResult = " pntr 0x%x\n";
    if (format == kResult) {
      pending_.push_back(values.at(0));
      print_flow_line();
    } else if (format.rfind(kFlow, 0) == 0) {
      const std::size_t name_end = format.find('(');
      pending_function_ = format.substr(kFlow.size(), name_end - kFlow.size());
      pending_ = values;
      if (format.back() == '\n') print_flow_line();
    } else {
      const std::size_t number = format.find("%d");
      out_ += format.substr(0, number);
      if (number == std::string::npos) return;
      out_ += std::to_string(values.at(0).number) + format.substr(number + 2);
    }
  }

  void print_flow_line() {
    Event event = {};
    while (traits(event.function).name != pending_function_) {
      event.function = static_cast<Function>(static_cast<int>(event.function) + 1);
    }
    const std::size_t argument_count = traits(event.function).arguments.size();
    for (std::size_t i = 0; i < argument_count; ++i) {
      event.arguments[i] = static_cast<std::uint64_t>(pending_.at(4 + i).number);
    }
    if (pending_.size() > 4 + argument_count) {
      // In D, %x of an int prints 32 bits.
      const Value& result = pending_.back();
      event.result = result.is_long ? static_cast<std::uint64_t>(result.number)
                                    : static_cast<std::uint32_t>(result.number);
    }
    const Site site = {.has_frame = true,
                       .file = pending_[1].text,
                       .function = pending_[3].text,
                       .line = static_cast<std::int32_t>(pending_[2].number),
                       .address = 0};
    CapturedOutput captured;
    FlowLines lines(captured.output(),
                    {.pid = static_cast<pid_t>(pending_[0].number), .names = names()});
    lines.on_event(event, site);
    out_ += captured.text().substr(std::string_view("dtrace:::BEGIN\n").size());
  }

  Values parse_values(char end) {
    Values values;
    do {
      values.push_back(parse_value());
    } while (accept(","));
    expect(std::string(1, end));
    return values;
  }

  Value parse_value() {
    Value value = parse_term();
    while (true) {
      if (accept("*")) {
        value.number *= parse_term().number;
      } else if (accept("+")) {
        value.number += parse_term().number;
      } else {
        return value;
      }
    }
  }

  Value parse_term() {
    skip_blanks();
    if (accept("\"")) return parse_string();
    if (accept("strlen("))
      return number(static_cast<std::int64_t>(parse_values(')')[0].text.size()));
    if (accept("usym(")) return parse_values(')')[0];
    const char first = source_.at(position_);
    if (first != '-' && (first < '0' || first > '9')) return variable(parse_word());
    std::size_t size = 0;
    const bool is_negative = accept("-");
    const std::uint64_t magnitude = std::stoull(source_.substr(position_, 24), &size, 0);
    position_ += size;
    return number(static_cast<std::int64_t>(is_negative ? 0 - magnitude : magnitude));
  }

  Value parse_string() {
    Value value;
    value.is_string = true;
    for (; source_.at(position_) != '"'; ++position_) {
      char c = source_[position_];
      if (c == '\\') {
        c = source_.at(++position_);
        if (c == 'n') {
          c = '\n';
        } else if (c >= '0' && c <= '7') {
          c = static_cast<char>(std::stoi(source_.substr(position_, 3), nullptr, 8));
          position_ += 2;
        }
      }
      value.text += c;
    }
    ++position_;
    return value;
  }

  Value variable(const std::string& name) {
    if (name == "pid") return number(1);
    Value value = variables_.at(name);
    value.text = shown_function(names(), value.text);
    return value;
  }

  static Value number(std::int64_t value) {
    Value result;
    result.number = value;
    result.is_long = value != static_cast<std::int32_t>(value);
    return result;
  }

  std::string parse_word() {
    skip_blanks();
    const std::size_t begin = position_;
    while (std::isalnum(static_cast<unsigned char>(source_.at(position_))) != 0 ||
           source_[position_] == '_' || source_[position_] == '-' || source_[position_] == '>') {
      ++position_;
    }
    if (begin == position_) fail("no word");
    return source_.substr(begin, position_ - begin);
  }

  void skip_blanks() {
    position_ = std::min(source_.find_first_not_of(" \n", position_), source_.size());
  }

  bool accept(std::string_view text) {
    skip_blanks();
    if (source_.compare(position_, text.size(), text) != 0) return false;
    position_ += text.size();
    return true;
  }
  void expect(std::string_view text) {
    if (!accept(text)) fail("expected " + std::string(text));
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw std::runtime_error(what + " at: " + source_.substr(position_, 60));
  }

  std::string source_;
  std::size_t position_ = 0;
  std::string out_;
  std::map<std::string, Value> variables_;
  std::map<std::string, Aggregation> aggregations_;
  std::string pending_function_;
  Values pending_;
};

}  // namespace pymemflow::report
