using System.CommandLine;
using Automation.Server.Hosting;

namespace Automation.Server.Cli;

/// <summary><c>serve</c>: runs the server until it is told to stop.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var urls = Setting("--urls", ServerOptions.Urls, "Addresses to listen on for HTTP. Default http://127.0.0.1:8080.", "URLS");
        var mqttPort = Setting("--mqtt-port", ServerOptions.MqttPort, "Port of the embedded MQTT broker. Default 1883.", "PORT");
        var mqttHost = Setting("--mqtt-host", ServerOptions.MqttHost, "Address the MQTT broker listens on. Default 127.0.0.1.", "ADDRESS");
        var data = Setting("--data", ServerOptions.Data, "Folder of the database, the token and the secrets. Default ./data.", "DIR");
        var database = Setting("--database", ServerOptions.Database, "PostgreSQL database, as Host=...;Port=5432;Username=...;Database=.... Default SQLite in the data folder.", "ADDRESS");
        var workflows = Setting("--workflows", ServerOptions.Workflows, "Folder of the workflow files. Default ./workflows.", "DIR");
        var allowPrivate = Setting("--allow-private", ServerOptions.AllowPrivate, "Private addresses that requests may go to: none, all, or a list such as loopback,10.0.0.0/8. Default none.", "LIST");
        var sandbox = Setting("--sandbox", ServerOptions.Sandbox, "Folder of the script sandbox, with its runtime installed.", "DIR");
        mqttPort.Option.Validators.Add(result =>
        {
            if (!ushort.TryParse(result.Tokens[0].Value, out _)) result.AddError($"--mqtt-port has to be a port from 0 to 65535 (0: any free one), not \"{result.Tokens[0].Value}\".");
        });
        var command = new Command("serve", "Run the server. Every option is also a configuration key and an environment variable (Mqtt__Port for Mqtt:Port).")
        {
            urls.Option, mqttPort.Option, mqttHost.Option, data.Option, database.Option, workflows.Option, allowPrivate.Option, sandbox.Option,
        };
        command.SetAction((parsed, cancellation) =>
        {
            var settings = new Dictionary<string, string?>(StringComparer.Ordinal);
            foreach (var (option, key) in new (Option, string)[] { urls, mqttPort, mqttHost, data, database, workflows, allowPrivate, sandbox })
            {
                if (parsed.GetResult(option) is { Tokens: [var token, ..] }) settings[key] = token.Value;
            }

            return Hosting.Server.RunAsync(settings, cancellation);
        });
        return command;
    }

    private static (Option<string?> Option, string Key) Setting(string name, string key, string description, string placeholder) =>
        (new Option<string?>(name) { Description = $"{description} Key: {key}.", HelpName = placeholder }, key);
}
