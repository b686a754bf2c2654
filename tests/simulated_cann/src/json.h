// A reader for the small JSON documents the simulator is configured with. Read-only, no escapes beyond \" and \\.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace sim {

struct Json {
  enum class Kind { null, boolean, number, text, list, object };
  Kind kind = Kind::null;
  bool truth = false;
  double number = 0;
  std::string text;
  std::vector<Json> list;
  std::map<std::string, Json> members;

  // The member `name`. Throws std::runtime_error naming the missing member.
  const Json& at(const std::string& name) const;
};

// Throws std::runtime_error with the byte position of the first thing that is not JSON.
Json parse_json(const std::string& text);

}  // namespace sim
