using System.Collections;
using System.Reflection;
using System.Text.Json;
using Automation.Server.Access;
using Automation.Server.Deliveries;
using Automation.Server.Hosting;
using Automation.Server.Queries;
using Automation.Server.Runs;
using Automation.Server.Sandbox;
using Automation.Server.Secrets;
using Automation.Server.Storage;
using Automation.Server.Triggers.Mqtt;
using Automation.Server.Triggers.Mqtt.Connections;
using Automation.Server.Triggers.Webhooks;
using Microsoft.Extensions.Configuration;

namespace Automation.Server.Tests.Hosting;

/// <summary>The shipped file is the manual of the settings: every key, with its true default.</summary>
public sealed class AppSettingsTests
{
    private static readonly string FileName = Path.Combine(AppContext.BaseDirectory, "appsettings.json");

    public static TheoryData<string> Sections => [.. Options.Keys];

    private static Dictionary<string, object> Options { get; } = new()
    {
        ["Mqtt"] = new MqttOptions(),
        ["Runs"] = new RunOptions(),
        ["Deliveries"] = new DeliveryOptions(),
        ["Outbound"] = new OutboundOptions(),
        ["Queries"] = new QueryOptions(),
        ["Sandbox"] = new SandboxOptions { Folder = "" },
        ["Retention"] = new RetentionOptions(),
        ["Secrets"] = new SecretsOptions(),
        ["Access"] = new AccessOptions(),
        ["Webhooks"] = new WebhookOptions(),
        ["Https"] = new HttpsOptions(),
    };

    [Theory]
    [MemberData(nameof(Sections))]
    public void Section_ListsEveryKeyWithItsDefault(string section)
    {
        var defaults = Options[section];
        var bound = Bind(section, defaults.GetType());
        var listed = new ConfigurationBuilder().AddJsonFile(FileName).Build().GetSection(section).GetChildren().Select(c => c.Key).ToList();
        foreach (var property in defaults.GetType().GetProperties().Where(p => p.CanWrite && p.GetMethod!.IsPublic))
        {
            var value = property.GetValue(defaults);
            Assert.True(Text(value) == Text(property.GetValue(bound)), $"{section}:{property.Name} is {Text(property.GetValue(bound))} in the file and {Text(value)} in the program.");
            if (value is not (null or "")) Assert.Contains(property.Name, listed);
        }
    }

    [Fact]
    public void NoOtherSectionIsThere()
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(FileName));
        string[] known = [.. Options.Keys, "Logging", "Urls", "PublicUrl", "Data", "Database", "Workflows", "Connectors", "Server"];
        Assert.Empty(file.RootElement.EnumerateObject().Select(p => p.Name).Except(known));
    }

    [Theory]
    [InlineData("Runs:MaxConcurrent", "many", "MaxConcurrent")]
    [InlineData("Runs:MaxHeld", "0", "MaxHeld")]
    [InlineData("Runs:MaxHold", "5", "MaxHold")]
    [InlineData("Mqtt:Port", "99999", "Port")]
    [InlineData("Mqtt:Prot", "1883", "Prot")]
    [InlineData("Mqtt:Host", "example.org", "example.org")]
    [InlineData("Mqtt:TlsPort", "8883", "Mqtt:CertificateFile")]
    [InlineData("Mqtt:RequireClientCertificate", "true", "Mqtt:ClientCertificateAuthority")]
    [InlineData("Mqtt:PasswordFile", "/not/there", "/not/there")]
    [InlineData("Mqtt:AccessFile", "/not/there", "/not/there")]
    [InlineData("Mqtt:UnixSocket", "/not/there/socket", "/not/there/socket")]
    [InlineData("Mqtt:ConnectTimeout", "0", "ConnectTimeout")]
    [InlineData("Mqtt:Connections:plant:KeepAliveSeconds", "60", "Mqtt:Connections:plant:Server is missing")]
    [InlineData("Mqtt:Connections:plant:Server", "http://broker", "Mqtt:Connections:plant:Server is not the address of a broker")]
    [InlineData("Mqtt:Connections:plant:Server", "mqtt://me:pass@broker", "Mqtt:Connections:plant:PasswordSecret")]
    [InlineData("Mqtt:Connections:plant:Sever", "mqtt://broker", "Mqtt:Connections:plant:Sever is not a setting. Did you mean \"Server\"?")]
    [InlineData("Mqtt:Connections:plant:Password", "pass", "only the name of its secret")]
    [InlineData("Mqtt:Connections:plant:Tls:AllowUnstrusted", "true", "Did you mean \"AllowUntrusted\"?")]
    [InlineData("Mqtt:Connections:plant", "mqtt://broker", "Mqtt:Connections:plant:Server")]
    [InlineData("Mqtt:Connections:Plant:Server", "mqtt://broker", "Begin with a small letter")]
    [InlineData("Mqtt:Connections:embedded:Server", "mqtt://broker", "Give the connection another name")]
    [InlineData("Mqtt:Connections:plant:ProtocolVersion", "4", "Write auto, 5.0 or 3.1.1")]
    [InlineData("Mqtt:Connections:plant:PasswordSecret", "pass word", "Mqtt:Connections:plant:PasswordSecret has to be the name of a secret")]
    [InlineData("Mqtt:Connections:plant:KeepAliveSeconds", "70000", "KeepAliveSeconds must be between")]
    [InlineData("Mqtt:Connections:plant:ShareName", "a/b", "Mqtt:Connections:plant:ShareName")]
    [InlineData("Mqtt:Connections:plant:Tls:CertificateFile", "/not/there", "Mqtt:Connections:plant:Tls:CertificateFile: there is no file /not/there")]
    [InlineData("Mqtt:Connections:plant:Will:Topic", "a/#", "Mqtt:Connections:plant:Will:Topic")]
    [InlineData("Queries:SqliteFolder", "/not/there", "/not/there")]
    [InlineData("Queries:SqliteConcurrency", "0", "Queries:SqliteConcurrency")]
    [InlineData("Sandbox:MaxProcess", "3", "MaxProcess")]
    [InlineData("Webhooks:MaxBody", "1", "MaxBody")]
    [InlineData("Server:ShutdownTime", "soon", "soon")]
    [InlineData("Server:MaxConnections", "none", "none")]
    [InlineData("Urls", "nonsense", "nonsense")]
    [InlineData("AUTOMATION_ADMIN_TOKEN", "short", "AUTOMATION_ADMIN_TOKEN")]
    public async Task WrongSetting_EndsTheStart_WithOneSentence(string key, string value, string named)
    {
        var folder = Directory.CreateTempSubdirectory("settings").FullName;
        var settings = new Dictionary<string, string?>
        {
            [ServerOptions.Urls] = "http://127.0.0.1:0",
            [ServerOptions.MqttPort] = "0",
            [ServerOptions.Data] = Path.Combine(folder, "data"),
            [ServerOptions.Workflows] = Path.Combine(folder, "workflows"),
            [ServerOptions.Sandbox] = Sandbox.SandboxInstallation.Folder,
            [key] = value,
        };
        using var errors = new StringWriter();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        Assert.Equal(1, await Automation.Server.Hosting.Server.RunAsync(settings, TextWriter.Null, errors, patience.Token));

        var sentence = Assert.Single(errors.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(named, sentence, StringComparison.Ordinal);
        Assert.DoesNotContain("pass@", sentence, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task SecretThatIsNotSet_EndsTheStart_AndIsNamed()
    {
        var error = await Assert.ThrowsAsync<StartupException>(() => Runs.WorkflowServer.StartAsync(("Mqtt:Connections:plant:Server", "mqtt://broker"), ("Mqtt:Connections:plant:PasswordSecret", "NOT_SET")));
        Assert.StartsWith("Mqtt:Connections:plant:PasswordSecret names the secret NOT_SET, which is not set. Write its value into the file ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ConnectionSettings_AreListedInTheirDocument_WithTheirDefaults()
    {
        var rows = File.ReadAllLines(Path.Combine(Sandbox.SandboxInstallation.Folder, "..", "..", "docs", "mqtt-connections.md"));
        var missing = Settings(new MqttConnectionOptions(), "").Where(s => !rows.Any(row => row.StartsWith($"| `{s.Key}` | {(s.Value.Length > 0 ? $"`{s.Value}` " : "")}|", StringComparison.Ordinal)
            || row.StartsWith($"| `{s.Key}` |  |", StringComparison.Ordinal) && s.Value.Length == 0));
        Assert.Empty(missing.Select(s => $"{s.Key} {s.Value}"));

        static IEnumerable<(string Key, string Value)> Settings(object options, string prefix) => options.GetType().GetProperties().SelectMany(p => p.GetValue(options) switch
        {
            MqttConnectionTlsOptions or MqttConnectionWillOptions => Settings(p.GetValue(options)!, p.Name + ":"),
            bool flag => [(prefix + p.Name, flag ? "true" : "false")],
            string[] => [(prefix + p.Name, "[]")],
            var value => [(prefix + p.Name, Text(value))],
        });
    }

    private static object Bind(string section, Type type)
    {
        var configuration = new ConfigurationBuilder().AddJsonFile(FileName).Build().GetSection(section);
        var options = Activator.CreateInstance(type, BindingFlags.Instance | BindingFlags.Public, null, null, null)!;
        configuration.Bind(options, binder => binder.ErrorOnUnknownConfiguration = true);
        return options;
    }

    private static string Text(object? value) => value switch
    {
        null => "",
        string text => text,
        IEnumerable items => string.Join(',', items.Cast<object>()),
        _ => value.ToString()!,
    };
}
