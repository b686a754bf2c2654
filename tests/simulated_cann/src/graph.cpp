#include "graph.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "profiler.h"
#include "scenario.h"

namespace sim {
namespace {

// The types that the last kernel of a stream stands for, and how often the host had waited by then: a kernel that the
// host has seen the end of can take in no other.
struct Chain {
  std::vector<std::string> types;
  int64_t waits = -1;
};

bool begins(const std::vector<std::string>& parts, const std::vector<std::string>& types) {
  if (parts.size() < types.size()) return false;
  for (size_t i = 0; i < types.size(); ++i)
    if (parts[i] != types[i]) return false;
  return true;
}

}  // namespace

bool absorbed(const Kernel& kernel, const Stream& stream) {
  static std::map<int, Chain> chains;
  Chain& chain = chains[stream.id];
  if (!chain.types.empty() && chain.waits == host_waits()) {
    std::vector<std::string> longer = chain.types;
    longer.push_back(kernel.type);
    for (const Merge& merge : scenario().merges) {
      if (!begins(merge.parts, longer)) continue;
      chain.types = longer;
      extend_recorded_kernel(kernel.type, longer.size() == merge.parts.size() ? merge.into : "");
      return true;
    }
  }
  chain = {{kernel.type}, host_waits()};
  return false;
}

void write_fusion_result() {
  if (scenario().fusion_passes.empty()) return;
  const char* work_path = std::getenv("ASCEND_WORK_PATH");
  std::string folder = ".";
  if (work_path != nullptr) {
    folder = std::string(work_path) + "/FE";
    mkdir(folder.c_str(), 0750);
    folder += "/" + std::to_string(getpid());
    mkdir(folder.c_str(), 0750);
  }
  FILE* file = std::fopen((folder + "/fusion_result.json").c_str(), "w");
  if (file == nullptr) return;
  std::fprintf(file, "{\"session_and_graph_id_0_0\": {\"graph_fusion\": {");
  const char* comma = "";
  for (const auto& [name, effect] : scenario().fusion_passes) {
    int times = static_cast<int>(effect);
    std::fprintf(file, "%s\"%s\": {\"effect_times\": \"%d\", \"match_times\": \"%d\"}", comma, name.c_str(), times, times);
    comma = ", ";
  }
  std::fprintf(file, "}, \"ub_fusion\": {}}}\n");
  std::fclose(file);
}

}  // namespace sim
