-- Health of whatever Bindery gives conditions: instances, bindings, brokers and PodPresets.
-- Argo CD itself shows what is being deleted as Progressing and does not ask.

local status = obj.status or {}

local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end

local function holds(name)
  return conditions[name] ~= nil and conditions[name].status == "True"
end

local function told(health, name)
  return { status = health, message = conditions[name].message or conditions[name].reason or "" }
end

local annotations = obj.metadata.annotations or {}
if annotations["servicecatalog.k8s.io/paused"] == "true" then
  return { status = "Suspended", message = "Paused by the annotation servicecatalog.k8s.io/paused" }
end

if conditions.Ready == nil or status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "Waiting for Bindery to look at it" }
end
if holds("Reconciling") then
  return told("Progressing", "Reconciling")
end
if holds("Stalled") then
  return told("Degraded", "Stalled")
end
if holds("Ready") then
  return told("Healthy", "Ready")
end
return told("Progressing", "Ready")
