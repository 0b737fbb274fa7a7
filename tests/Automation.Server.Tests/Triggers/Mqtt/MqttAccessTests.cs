using System.Diagnostics;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Automation.Mqtt.Access;
using Automation.Server.Tests.Runs;
using Automation.Server.Triggers.Mqtt;

namespace Automation.Server.Tests.Triggers.Mqtt;

/// <summary>The broker's ways in as the settings make them, tried with mosquitto's clients.</summary>
public sealed class MqttAccessTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mqtt-access").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Default_IsPlainMqttOnThisMachine_WithoutAPassword_AlsoWithoutAnIdentifier()
    {
        await using var server = await WorkflowServer.StartAsync();
        Assert.Equal([$"mqtt://127.0.0.1:{server.MqttPort}"], Broker(server).Addresses);
        Assert.Equal(0, await PublishAsync("-p", $"{server.MqttPort}"));
        Assert.Equal(0, await PublishAsync("-p", $"{server.MqttPort}", "-V", "5", "-u", "anybody", "-P", "anything"));
    }

    [Fact]
    public async Task EveryWayIn_IsOpenedByItsSetting_AndAsksForThePassword()
    {
        await using var server = await WorkflowServer.StartAsync(
            ("Mqtt:PasswordFile", Users()), ("Mqtt:TlsPort", "0"), ("Mqtt:TlsWebSocketPort", "0"), ("Mqtt:WebSocketPort", "0"),
            ("Mqtt:CertificateFile", Certificate()), ("Mqtt:UnixSocket", At("mqtt.sock")));
        var addresses = Broker(server).Addresses.ToList();
        Assert.Equal(["mqtt", "ws", "mqtts", "wss", "unix"], addresses.Select(address => address.Split(':')[0]));
        Assert.All(addresses.Where(address => address.StartsWith("ws", StringComparison.Ordinal)), address => Assert.EndsWith("/mqtt", address, StringComparison.Ordinal));

        string[] right = ["-u", "anna", "-P", "right"];
        string[][] ways = [["-p", $"{server.MqttPort}"], ["--cafile", At("server.pem"), "-h", "localhost", "-p", addresses[2].Split(':')[^1]], ["--unix", At("mqtt.sock")]];
        foreach (var way in ways)
        {
            Assert.Equal(0, await PublishAsync([.. way, .. right]));
            Assert.NotEqual(0, await PublishAsync([.. way, "-u", "anna", "-P", "wrong"]));
            Assert.NotEqual(0, await PublishAsync(way));
        }

        using var webSocket = new ClientWebSocket();
        webSocket.Options.AddSubProtocol("mqtt");
        await webSocket.ConnectAsync(new Uri(addresses[1]), CancellationToken.None).WaitAsync(WorkflowServer.Patience);
    }

    [Fact]
    public async Task AccessFile_KeepsUsersToTheirTopics()
    {
        await File.WriteAllLinesAsync(At("rules"), ["* allow readwrite home/{username}/#"]);
        await using var server = await WorkflowServer.StartAsync(("Mqtt:PasswordFile", Users()), ("Mqtt:AccessFile", At("rules")));
        string[] anna = ["-p", $"{server.MqttPort}", "-V", "5", "-u", "anna", "-P", "right"];

        Assert.Equal(0, await RunAsync("mosquitto_pub", [.. anna, "-q", "1", "-r", "-t", "home/anna/x", "-m", "1"]));
        await RunAsync("mosquitto_pub", [.. anna, "-q", "1", "-r", "-t", "home/bert/x", "-m", "1"]);
        Assert.Equal("home/anna/x", await SaidAsync([.. anna, "-t", "home/anna/#"]));
        Assert.Equal("", await SaidAsync([.. anna, "-t", "home/#"])); // ends when nothing is granted
    }

    [Fact]
    public async Task UserOfTheDatabase_UsesItsTopicsOnly_AndAChangeHoldsForConnectedClients()
    {
        await using var server = await WorkflowServer.StartAsync();
        await SetAsync(server, "line4", """{"password":"right","publish":["plant/{username}/#","clients/{clientid}"],"subscribe":["orders/{username}/#"]}""");
        string[] right = ["-p", $"{server.MqttPort}", "-V", "5", "-u", "line4", "-P", "right", "-i", "press"];

        Assert.NotEqual(0, await PublishAsync("-p", $"{server.MqttPort}")); // with users everybody needs a password
        Assert.NotEqual(0, await PublishAsync("-p", $"{server.MqttPort}", "-u", "line4", "-P", "wrong"));
        Assert.NotEqual(0, await PublishAsync("-p", $"{server.MqttPort}", "-u", "nobody", "-P", "right"));
        await RunAsync("mosquitto_pub", [.. right, "-q", "1", "-r", "-t", "plant/line4/x", "-m", "1"]);
        await RunAsync("mosquitto_pub", [.. right, "-q", "1", "-r", "-t", "clients/press", "-m", "1"]);
        await RunAsync("mosquitto_pub", [.. right, "-q", "1", "-r", "-t", "plant/line5/x", "-m", "1"]);
        await RunAsync("mosquitto_pub", [.. right, "-q", "1", "-r", "-t", "clients/other", "-m", "1"]);
        Assert.Equal(["clients/press", "plant/line4/x"], (await server.GetAsync("/api/mqtt/retained"))["items"]!.AsArray().Select(m => m!["topic"]!.GetValue<string>()).Order());
        Assert.Equal("", await SaidAsync([.. right, "-t", "plant/line4/#"])); // ends when nothing is granted

        using var subscriber = Process.Start(new ProcessStartInfo("mosquitto_sub", [.. right[..^1], "display", "-t", "orders/line4/#", "-F", "%t"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        await WorkflowServer.UntilAsync(() => Broker(server).Broker!.Sessions.Find("display") is not null);
        await WorkflowServer.UntilAsync(() => Allowed(server) == true);
        await SetAsync(server, "line4", """{"subscribe":["other"]}""");
        await WorkflowServer.UntilAsync(() => Allowed(server) == false);
        await SetAsync(server, "line4", """{"subscribe":["orders/#"]}""");
        await WorkflowServer.UntilAsync(() => Allowed(server) == true);
        using (await server.Http.PostAsync(new Uri("/api/mqtt/publish", UriKind.Relative), WorkflowServer.Json("""{"topic":"orders/line4/7","payload":{}}""")))
        {
        }

        Assert.Equal("orders/line4/7", await subscriber.StandardOutput.ReadLineAsync().WaitAsync(WorkflowServer.Patience));

        using (var deleted = await server.Http.DeleteAsync(new Uri("/api/mqtt/users/line4", UriKind.Relative))) Assert.Equal(204, (int)deleted.StatusCode);
        await WorkflowServer.UntilAsync(() => Broker(server).Broker!.Sessions.Find("display") is null or { Client: null });
        subscriber.Kill();
    }

    [Fact]
    public async Task UserOfTheFile_StaysWhatItIs_BesideThoseOfTheDatabase()
    {
        await File.WriteAllLinesAsync(At("rules"), ["* allow readwrite home/{username}/#"]);
        await using var server = await WorkflowServer.StartAsync(("Mqtt:PasswordFile", Users()), ("Mqtt:AccessFile", At("rules")));
        await SetAsync(server, "anna", """{"password":"other","publish":["#"]}""");
        await SetAsync(server, "line4", """{"password":"right","publish":["plant/#"]}""");

        Assert.Equal(0, await RunAsync("mosquitto_pub", ["-p", $"{server.MqttPort}", "-u", "anna", "-P", "right", "-q", "1", "-r", "-t", "home/anna/x", "-m", "1"]));
        Assert.NotEqual(0, await PublishAsync("-p", $"{server.MqttPort}", "-u", "anna", "-P", "other"));
        await RunAsync("mosquitto_pub", ["-p", $"{server.MqttPort}", "-u", "anna", "-P", "right", "-q", "1", "-r", "-t", "plant/x", "-m", "1"]);
        await RunAsync("mosquitto_pub", ["-p", $"{server.MqttPort}", "-u", "line4", "-P", "right", "-q", "1", "-r", "-t", "plant/y", "-m", "1"]);
        Assert.Equal(["home/anna/x", "plant/y"], (await server.GetAsync("/api/mqtt/retained"))["items"]!.AsArray().Select(m => m!["topic"]!.GetValue<string>()).Order());
    }

    [Fact]
    public async Task OnlyUser_IsKeptOut_AndNobodyComesInWithoutAPassword()
    {
        await using var server = await WorkflowServer.StartAsync();
        await SetAsync(server, "line4", """{"password":"right","publish":["t"]}""");
        await SetAsync(server, "line4", """{"disabled":true}""");

        Assert.NotEqual(0, await PublishAsync("-p", $"{server.MqttPort}", "-u", "line4", "-P", "right"));
        Assert.NotEqual(0, await PublishAsync("-p", $"{server.MqttPort}", "-u", "line4", "-P", "wrong"));
        Assert.NotEqual(0, await PublishAsync("-p", $"{server.MqttPort}"));
    }

    [Fact]
    public async Task FirstUser_DisconnectsWhoCameWithoutAPassword()
    {
        await using var server = await WorkflowServer.StartAsync();
        using var subscriber = Process.Start(new ProcessStartInfo("mosquitto_sub", ["-p", $"{server.MqttPort}", "-i", "early", "-t", "#"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        await WorkflowServer.UntilAsync(() => Broker(server).Broker!.Sessions.Find("early") is { Client: not null });

        await SetAsync(server, "line4", """{"password":"right"}""");

        await WorkflowServer.UntilAsync(() => Broker(server).Broker!.Sessions.Find("early") is null or { Client: null });
        subscriber.Kill();
    }

    [Fact]
    public async Task CertificatesNameThatIsNoUser_MayDoNothing_BesideUsersOfTheDatabase()
    {
        await using var server = await WorkflowServer.StartAsync(
            ("Mqtt:Port", "-1"), ("Mqtt:TlsPort", "0"), ("Mqtt:CertificateFile", Certificate()), ("Mqtt:ClientCertificateAuthority", At("server.pem")), ("Mqtt:RequireClientCertificate", "true"));
        string[] way = ["--cafile", At("server.pem"), "-h", "localhost", "-p", Assert.Single(Broker(server).Addresses).Split(':')[^1], "-V", "5", "--cert", At("server.pem"), "--key", At("server.pem")];
        async Task PublishAsync(string topic) => await RunAsync("mosquitto_pub", [.. way, "-q", "1", "-r", "-t", topic, "-m", "1"]);

        await PublishAsync("before");
        await SetAsync(server, "line4", """{"password":"right"}""");
        await PublishAsync("beside-users");
        await SetAsync(server, "localhost", """{"password":"any","publish":["mine"]}""");
        await PublishAsync("mine");
        await PublishAsync("not-mine");
        await SetAsync(server, "localhost", """{"disabled":true}""");
        Assert.NotEqual(0, await RunAsync("mosquitto_pub", [.. way, "-q", "1", "-t", "mine", "-m", "1"]));

        Assert.Equal(["before", "mine"], (await server.GetAsync("/api/mqtt/retained"))["items"]!.AsArray().Select(m => m!["topic"]!.GetValue<string>()).Order());
    }

    [Theory]
    [InlineData("line4", """{"publish":["a"]}""")]
    [InlineData("line4", """{"password":""}""")]
    [InlineData("line4", """{"password":"x","publish":["a/#/b"]}""")]
    [InlineData("line4", """{"password":"x","subscribe":["a{username}"]}""")]
    [InlineData("line4", """{"password":"x","subscribe":[null]}""")]
    [InlineData("line 4", """{"password":"x"}""")]
    public async Task BadUsers_AreRefused(string name, string body)
    {
        await using var server = await WorkflowServer.StartAsync();

        await SetAsync(server, name, body, 400);
    }

    private static bool? Allowed(WorkflowServer server) =>
        server.GetAsync("/api/mqtt/subscriptions").GetAwaiter().GetResult()["items"]!.AsArray().FirstOrDefault(s => s!["filter"]!.GetValue<string>() == "orders/line4/#")?["allowed"]?.GetValue<bool>();

    private static async Task SetAsync(WorkflowServer server, string name, string body, int status = 200)
    {
        using var answer = await server.Http.PutAsync(new Uri("/api/mqtt/users/" + Uri.EscapeDataString(name), UriKind.Relative), WorkflowServer.Json(body));
        Assert.True((int)answer.StatusCode == status, await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task CertificatesName_IsTheUser()
    {
        await File.WriteAllLinesAsync(At("rules"), ["localhost allow readwrite mine"]);
        await using var server = await WorkflowServer.StartAsync(
            ("Mqtt:Port", "-1"), ("Mqtt:TlsPort", "0"), ("Mqtt:CertificateFile", Certificate()), ("Mqtt:ClientCertificateAuthority", At("server.pem")),
            ("Mqtt:RequireClientCertificate", "true"), ("Mqtt:AccessFile", At("rules")));
        string[] way = ["--cafile", At("server.pem"), "-h", "localhost", "-p", Assert.Single(Broker(server).Addresses).Split(':')[^1], "-V", "5"];
        string[] own = ["--cert", At("server.pem"), "--key", At("server.pem")];

        Assert.NotEqual(0, await PublishAsync(way));
        Assert.Equal(0, await RunAsync("mosquitto_pub", [.. way, .. own, "-q", "1", "-r", "-t", "mine", "-m", "1"]));
        Assert.Equal("mine", await SaidAsync([.. way, .. own, "-t", "mine"]));
    }

    private static EmbeddedBroker Broker(WorkflowServer server) => server.Get<EmbeddedBroker>();

    private static Task<int> PublishAsync(params string[] way) => RunAsync("mosquitto_pub", [.. way, "-q", "1", "-t", "t", "-m", "x"]);

    private static async Task<int> RunAsync(string program, string[] arguments) => (await EndAsync(program, arguments)).Code;

    /// <summary>The topic of the first message that a subscriber gets, or nothing.</summary>
    private static async Task<string> SaidAsync(string[] arguments) => (await EndAsync("mosquitto_sub", [.. arguments, "-C", "1", "-F", "%t"])).Said.Trim();

    private static async Task<(int Code, string Said)> EndAsync(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = process.StandardOutput.ReadToEndAsync();
        await Task.WhenAll(said, process.StandardError.ReadToEndAsync(), process.WaitForExitAsync()).WaitAsync(WorkflowServer.Patience);
        return (process.ExitCode, await said);
    }

    private string At(string name) => Path.Combine(folder, name);

    private string Users()
    {
        File.WriteAllText(At("users"), PasswordFile.FormatLine("anna", PasswordHash.Create("right"u8)) + "\n");
        return At("users");
    }

    // Its own authority, for servers and clients, with its key in one file.
    private string Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(100));
        File.WriteAllText(At("server.pem"), $"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n");
        return At("server.pem");
    }
}
