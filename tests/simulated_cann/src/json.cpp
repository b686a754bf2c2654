#include "json.h"

#include <cctype>
#include <cstdlib>
#include <stdexcept>

namespace sim {
namespace {

class Parser {
 public:
  explicit Parser(const std::string& text) : text_(text) {}

  Json document() {
    Json value = parse_value();
    skip_space();
    if (at_ != text_.size()) fail("end of document");
    return value;
  }

 private:
  [[noreturn]] void fail(const std::string& expected) const {
    throw std::runtime_error("not JSON at byte " + std::to_string(at_) + ": expected " + expected);
  }

  void skip_space() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }

  bool accept(char wanted) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  void expect(char wanted) {
    if (!accept(wanted)) fail(std::string(1, wanted));
  }

  bool accept_word(const std::string& word) {
    if (text_.compare(at_, word.size(), word) != 0) return false;
    at_ += word.size();
    return true;
  }

  Json parse_value() {
    skip_space();
    Json value;
    if (at_ >= text_.size()) fail("a value");
    switch (text_[at_]) {
      case '{':
        return parse_object();
      case '[':
        return parse_list();
      case '"':
        value.kind = Json::Kind::text;
        value.text = parse_text();
        return value;
      default:
        break;
    }
    if (accept_word("null")) return value;
    if (accept_word("true") || accept_word("false")) {
      value.kind = Json::Kind::boolean;
      value.truth = text_[at_ - 2] == 'u';  // tr-u-e, fal-s-e
      return value;
    }
    char* end = nullptr;
    value.kind = Json::Kind::number;
    value.number = std::strtod(text_.c_str() + at_, &end);
    if (end == text_.c_str() + at_) fail("a value");
    at_ = static_cast<size_t>(end - text_.c_str());
    return value;
  }

  std::string parse_text() {
    expect('"');
    std::string out;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\') ++at_;
      out += text_[at_++];
    }
    expect('"');
    return out;
  }

  Json parse_list() {
    Json value;
    value.kind = Json::Kind::list;
    expect('[');
    if (accept(']')) return value;
    do value.list.push_back(parse_value());
    while (accept(','));
    expect(']');
    return value;
  }

  Json parse_object() {
    Json value;
    value.kind = Json::Kind::object;
    expect('{');
    if (accept('}')) return value;
    do {
      skip_space();
      std::string name = parse_text();
      expect(':');
      value.members[name] = parse_value();
    } while (accept(','));
    expect('}');
    return value;
  }

  const std::string& text_;
  size_t at_ = 0;
};

}  // namespace

const Json& Json::at(const std::string& name) const {
  auto found = members.find(name);
  if (found == members.end()) throw std::runtime_error("no member \"" + name + "\"");
  return found->second;
}

Json parse_json(const std::string& text) { return Parser(text).document(); }

}  // namespace sim
