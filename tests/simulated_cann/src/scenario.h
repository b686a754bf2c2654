// What the simulated machine is and how it behaves. scenario.py writes it; every field is described there.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace sim {

struct Merge {
  std::string into;
  std::vector<std::string> parts;
};

struct Scenario {
  std::string soc_name;
  std::string cann_version;
  std::string driver_version;
  int device_count;
  int64_t memory_bytes;
  double cube_tflops;
  double vector_tflops;
  double bandwidth_gb_per_s;
  double host_link_gb_per_s;
  double launch_us;
  std::map<std::string, double> kernel_us;
  std::map<std::string, double> kernel_factors;
  std::map<std::string, std::vector<std::string>> unfused;
  bool graph;
  std::vector<Merge> merges;
  std::map<std::string, double> fusion_passes;
  std::set<std::string> ai_cpu_types;
  double ai_cpu_factor;
  double clock_ratio;
  double neighbour_share;
  int64_t neighbour_memory_bytes;
  std::string lost_at_type;  // empty: never
  int lost_error_code;
  double noise;
  double drift;
  uint64_t seed;
  double host_dispatch_us;
  bool host_dispatch_takes_real_time;
};

// Read once, from the file the environment variable ASCENDPERF_SIM_SCENARIO names. A missing or wrong file
// ends the process with a message: a simulated device without a scenario has no meaning.
const Scenario& scenario();

// Which process of this scenario this is, counting from 0 in the order in which they first asked.
int process_index();

}  // namespace sim
