using System.Globalization;
using Automation.Benchmarks;
using Automation.Benchmarks.Mqtt;

// load       sends events to the server and to two bare forwarders in turn, and compares them
// waiting    has 100,000 runs wait, and tells what memory they take
// timers     has 10,000 runs wait until a time, and tells how late they go on
// stored     measures the load at 10 thousand, 100 thousand and 1 million stored runs
// retention  measures the load while old runs are deleted
// fan-out    emits an event to 10,000 endpoints, and tells how long that takes
// hanging    delivers to one endpoint while others hang, and compares how long its deliveries take
// mqtt-load  sends messages through the embedded broker and through mosquitto in turn, and compares them
// mqtt-idle  holds connections that do nothing, and tells what the broker keeps for each
// mqtt-index matches topics against 1, 1,000 and 1,000,000 filters
// mqtt-watch tells what it costs that somebody looks into the broker
// forwarder  is one of the bare forwarders; load starts it
// mqtt-host  is the broker alone, which tells its memory; mqtt-idle starts it
return args switch
{
    ["load", .. var given] when LoadOptions.Parse(given) is { } options => await LoadCommand.RunAsync(options),
    ["waiting", .. var given] when LoadOptions.Parse(given) is { } options => await WaitingCommand.RunAsync(options),
    ["timers", .. var given] when LoadOptions.Parse(given) is { } options => await TimersCommand.RunAsync(options),
    ["stored", .. var given] when LoadOptions.Parse(given) is { } options => await StoredCommand.RunAsync(options),
    ["retention", .. var given] when LoadOptions.Parse(given) is { } options => await RetentionCommand.RunAsync(options),
    ["fan-out", .. var given] when LoadOptions.Parse(given) is { } options => await FanOutCommand.RunAsync(options),
    ["hanging", .. var given] when LoadOptions.Parse(given) is { } options => await HangingCommand.RunAsync(options),
    ["mqtt-load", .. var given] when MqttLoadOptions.Parse(given) is { } options => await MqttLoadCommand.RunAsync(options),
    ["mqtt-idle", .. var given] when MqttLoadOptions.Parse(given) is { } options => await MqttIdleCommand.RunAsync(options),
    ["mqtt-host", var port] => await MqttHostCommand.RunAsync(int.Parse(port, CultureInfo.InvariantCulture)),
    ["mqtt-index"] => MqttIndexCommand.Run(),
    ["mqtt-watch"] => await MqttWatchCommand.RunAsync(),
    ["forwarder", var port, var receiver, .. var database] => await Forwarder.RunAsync(port, receiver, database.FirstOrDefault()),
    _ => LoadOptions.Explain(),
};
