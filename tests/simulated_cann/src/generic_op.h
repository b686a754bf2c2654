// Operators reached by their type's name, with attributes. op_by_type.cpp has the table of them.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "kernel.h"

namespace sim {

struct Attributes {
  std::map<std::string, std::vector<double>> numbers;
  std::map<std::string, std::string> texts;
};

struct GenericCall {
  std::vector<Tensor> inputs;
  std::vector<Tensor> outputs;
  Attributes attributes;
};

using GenericOperator = std::function<Work(const GenericCall&)>;

const std::map<std::string, GenericOperator>& generic_operators();

}  // namespace sim
