using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Automation.Server.Secrets;

namespace Automation.Server.Tests.Api;

public sealed class SecretsApiTests : ApiTest
{
    private const string Value = "a-value-that-must-not-show";

    [Fact]
    public async Task SetSecret_IsListed_WithoutItsValue()
    {
        Server.SecretUses.Add(new SecretUse("SLACK", "workflow", "shop/order"));
        Server.SecretUses.Add(new SecretUse("MISSING", "mqttConnection", "plant"));

        var set = await PutAsync("SLACK", $$"""{"value":"{{Value}}"}""", 200);
        var list = await Server.GetAsync("/api/secrets");

        Assert.Equal("store", set["source"]!.GetValue<string>());
        Assert.Equal(["MISSING", "SLACK"], list["items"]!.AsArray().Select(s => s!["name"]!.GetValue<string>()));
        Assert.Equal("shop/order", list["items"]![1]!["usedBy"]![0]!["id"]!.GetValue<string>());
        Assert.Null(list["items"]![0]!["source"]);
        Assert.NotNull(list["items"]![0]!["problem"]);
        Assert.DoesNotContain(Value, set.ToJsonString() + list.ToJsonString(), StringComparison.Ordinal);
        lock (Server.Logged) Assert.DoesNotContain(Server.Logged, line => line.Contains(Value, StringComparison.Ordinal));
    }

    [Fact]
    public async Task DeletedSecret_IsGone()
    {
        await PutAsync("SLACK", $$"""{"value":"{{Value}}"}""", 200);

        using var deleted = await Server.Client.DeleteAsync(new Uri("/api/secrets/SLACK", UriKind.Relative));
        using var again = await Server.Client.DeleteAsync(new Uri("/api/secrets/SLACK", UriKind.Relative));

        Assert.Equal(204, (int)deleted.StatusCode);
        await ApiServer.ReadAsync(again, 404);
        Assert.False(Server.Get<SecretStore>().Contains("SLACK"));
    }

    [Theory]
    [InlineData("SLACK", "{}")]
    [InlineData("SLACK", """{"value":""}""")]
    [InlineData("SLACK", """{"value":7}""")]
    [InlineData("SLACK", """{"value":"x","other":1}""")]
    [InlineData("slack", """{"value":"x"}""")]
    [InlineData("SLACK", "{")]
    public async Task BadSetting_IsRefused_WithoutQuotingTheValue(string name, string body) => await PutAsync(name, body, 400);

    [Fact]
    public async Task FileOfTheSameName_CountsBefore_AndTheAnswerSaysSo()
    {
        Directory.CreateDirectory(Path.Combine(Server.Folder, "secrets"));
        await File.WriteAllTextAsync(Path.Combine(Server.Folder, "secrets", "SLACK"), "of the file");

        var set = await PutAsync("SLACK", $$"""{"value":"{{Value}}"}""", 200);

        Assert.Equal("file", set["source"]!.GetValue<string>());
        Assert.Equal("store", set["hidden"]![0]!.GetValue<string>());
    }

    [Fact]
    public async Task Seal_UsesTheFirstKeyOfTheFile()
    {
        await PutAsync("SLACK", $$"""{"value":"{{Value}}"}""", 200);
        var key = new SecretKeys(null, Server.Folder).Add().Id;

        var answer = await Server.PostAsync("/api/secrets/seal", 200);

        Assert.Equal(key, answer["key"]!.GetValue<string>());
        Assert.Equal(1 + 2, answer["sealed"]!.GetValue<int>()); // and the server's own keys
        Assert.Equal(Value, Server.Get<SecretStore>().Find("SLACK")!.Value);
    }

    private async Task<JsonNode> PutAsync(string name, string body, int status)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var answer = await Server.Client.PutAsync(new Uri("/api/secrets/" + name, UriKind.Relative), content);
        return await ApiServer.ReadAsync(answer, status);
    }
}
