using System.Net;
using System.Text;
using Automation.EndToEnd.Tests.Processes;
using Microsoft.AspNetCore.Http;

namespace Automation.EndToEnd.Tests;

/// <summary>P7: a secret goes to the receiver it is meant for, and nowhere else that a person or a program could read it.</summary>
public class SecretTests
{
    private const string FromEnvironment = "zq7-environment-4d1f", FromFile = "zq7-file-9b3c";

    private static readonly Dictionary<string, string> Sender = new()
    {
        ["sender.json"] = """
            {
              "name": "Sender",
              "triggers": { "web": { "type": "webhook", "path": "/send", "methods": ["POST"] } },
              "steps": {
                "peek": { "type": "script", "code": "return { text: event.data.text, seen: Object.keys(globalThis).join() };", "next": ["deliver", "call", "log"] },
                "deliver": {
                  "type": "webhook.send",
                  "url": "RECEIVER/deliver/${secret.FROM_FILE}",
                  "headers": { "Authorization": "Bearer ${secret.FROM_ENVIRONMENT}" },
                  "body": { "token": "${secret.FROM_FILE}", "text": "${input.text}" },
                  "maxAttempts": 1
                },
                "call": { "type": "http.request", "method": "POST", "url": "RECEIVER/call?key=${secret.FROM_ENVIRONMENT}", "response": "text" },
                "log": { "type": "log", "message": "${input.text}" }
              }
            }
            """,
    };

    [Fact]
    public async Task Secrets_ReachTheReceiver_AndNoDatabaseLogOrAnswer()
    {
        using var secrets = new ScratchFolder();
        await using var installation = await Installation.StartAsync(
            Sender,
            new Dictionary<string, string?> { ["AUTOMATION_SECRET_FROM_ENVIRONMENT"] = FromEnvironment, ["Secrets__Folder"] = secrets.Path, ["FROM_FILE_IS"] = secrets.Write("FROM_FILE", FromFile) },
            EchoAndRefuseAsync);

        // What comes from outside and looks like a reference to a secret is data and stays so.
        using var answer = await MainJobTests.PostAsync(installation.Server, "/hooks/send", """{"text":"${secret.FROM_ENVIRONMENT}"}""");
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var arrivals = await installation.Receiver.WaitForAsync(2);
        await JournalFile.EverythingEndedAsync(installation.Server);

        var delivery = arrivals.Single(a => a.Path.StartsWith("/deliver", StringComparison.Ordinal));
        Assert.Equal("/deliver/" + FromFile, delivery.Path);
        Assert.Equal("Bearer " + FromEnvironment, delivery.Headers["Authorization"]);
        Assert.Equal($$"""{"token":"{{FromFile}}","text":"${secret.FROM_ENVIRONMENT}"}""", delivery.Body);
        Assert.Equal($"/call?key={FromEnvironment}", arrivals.Single(a => a.Path.StartsWith("/call", StringComparison.Ordinal)).Path);
        await AssertNowhereAsync(installation.Server);
    }

    // A receiver that sends back what it got, as many debugging tools do, and fails: that must not bring a secret into the history.
    private static async Task EchoAndRefuseAsync(HttpContext context, Arrival arrival)
    {
        context.Response.StatusCode = arrival.Path.StartsWith("/deliver", StringComparison.Ordinal) ? 500 : 200;
        context.Response.Headers["X-Echo"] = string.Join(' ', arrival.Headers.Values).Replace('\n', ' ');
        await context.Response.WriteAsync($"{arrival.Path} {string.Join(' ', arrival.Headers.Values)} {arrival.Body}");
    }

    private static async Task AssertNowhereAsync(ServerProcess server)
    {
        var places = new Dictionary<string, byte[]> { ["log"] = Encoding.UTF8.GetBytes(server.Log) };
        foreach (var path in await ApiPathsAsync(server)) places[path] = await server.Api.GetByteArrayAsync(new Uri(path, UriKind.Relative));
        foreach (var file in Directory.EnumerateFiles(server.Settings.Data, "automation.db*")) places[file] = ReadShared(file);
        Assert.Contains(places.Keys, place => place.EndsWith("automation.db-wal", StringComparison.Ordinal));

        byte[][] secrets = [.. new[] { FromEnvironment, FromFile }.SelectMany(Forms)];
        Assert.All(places, place => Assert.All(secrets, secret => Assert.False(place.Value.AsSpan().IndexOf(secret) >= 0, $"{place.Key} holds {Encoding.UTF8.GetString(secret)}")));
    }

    private static IEnumerable<byte[]> Forms(string secret) =>
        [Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(Convert.ToBase64String(Encoding.UTF8.GetBytes(secret))), Encoding.Unicode.GetBytes(secret)];

    private static async Task<List<string>> ApiPathsAsync(ServerProcess server)
    {
        List<string> paths = ["/api/workflows", "/api/workflows/sender", "/api/runs", "/api/events", "/api/deliveries", "/health/ready"];
        foreach (var list in new[] { "/api/runs", "/api/events", "/api/deliveries" })
        {
            foreach (var item in (await server.GetAsync(list)).GetProperty("items").EnumerateArray()) paths.Add($"{list}/{item.GetProperty("id").GetString()}");
        }

        return paths;
    }

    private static byte[] ReadShared(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
