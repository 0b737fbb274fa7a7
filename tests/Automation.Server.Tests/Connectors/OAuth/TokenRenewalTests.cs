using Automation.Server.Tests.Runs;
using Automation.Server.Tests.Storage;

namespace Automation.Server.Tests.Connectors.OAuth;

/// <summary>Tokens over time: before they end, after restarts, and with several servers.</summary>
public sealed class TokenRenewalTests
{
    [Fact]
    public async Task Token_IsRenewedAMinuteBeforeItsEnd_AndTheNewRefreshTokenIsUsedNext()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        var service = OAuthServer.Add(server, "crm");
        var id = await OAuthServer.AddWorkflowAsync(server, "crm");
        await OAuthServer.ConnectAsync(server, service, "crm");

        time.Advance(TimeSpan.FromMinutes(58));
        Assert.Equal("succeeded", (await server.RunByIdAsync(id)).State);
        Assert.Equal(["authorization_code"], service.Grants);
        for (var i = 0; i < 3; i++)
        {
            time.Advance(TimeSpan.FromMinutes(59.5));
            Assert.Equal("succeeded", (await server.RunByIdAsync(id)).State);
        }

        Assert.Equal(["authorization_code", "refresh_token", "refresh_token", "refresh_token"], service.Grants);
    }

    [Fact]
    public async Task TokenThatIsValidStill_IsUsed_WhereNoOtherCanBeHad()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        var service = OAuthServer.Add(server, "crm");
        var id = await OAuthServer.AddWorkflowAsync(server, "crm");
        await OAuthServer.ConnectAsync(server, service, "crm");
        service.Instead = context => RunReceiver.WriteAsync(context, 503, "{}");
        time.Advance(TimeSpan.FromMinutes(59.5));
        Assert.Equal("succeeded", (await server.RunByIdAsync(id)).State);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("token_failed", (await server.RunByIdAsync(id)).ErrorCode);

        service.Instead = null;
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("succeeded", (await server.RunByIdAsync(id)).State);
    }

    [Fact]
    public async Task TokenServerThatHangs_IsGivenUp_AndTheDeliveryIsTriedAgain()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        var service = OAuthServer.Add(server, "slow", "client_credentials");
        var gate = new TaskCompletionSource();
        service.Gate = gate.Task;
        var id = await OAuthServer.AddWorkflowAsync(server, "slow", "tell");
        await server.RunByIdAsync(id);
        await server.Receiver.NextAsync("/slow/token");
        time.Advance(TimeSpan.FromSeconds(15));
        await WorkflowServer.UntilAsync(() => server.Count($"SELECT count(*) FROM attempts WHERE error IS NOT NULL") == 1);
        gate.SetResult();
        await WorkflowServer.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(5));
            return server.Count("SELECT count(*) FROM deliveries WHERE state = 'succeeded'") == 1;
        });
    }

    [Fact]
    public async Task Restart_KeepsTheTokens_AndDeliveriesOfAWorkflowThatIsGoneRenewThem()
    {
        await using var server = await WorkflowServer.StartAsync();
        var service = OAuthServer.Add(server, "crm");
        var id = await OAuthServer.AddWorkflowAsync(server, "crm", "tell");
        await OAuthServer.ConnectAsync(server, service, "crm");
        server.Receiver.On("/crm/api/thing", 503);
        await server.RunByIdAsync(id);
        await server.Receiver.NextAsync("/crm/api/thing");
        await server.CrashAsync();
        File.Delete(Path.Combine(server.Folder, "workflows", id + ".json"));
        service.Serve();
        service.Revoke();
        await server.StartAsync();

        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM deliveries WHERE state = 'succeeded'") == 1);
        Assert.Equal(["authorization_code", "refresh_token"], service.Grants);
    }

    [Fact]
    public async Task ServerThatWasKilledWhileItAsked_HoldsUpNobody()
    {
        await using var server = await WorkflowServer.StartAsync();
        var service = OAuthServer.Add(server, "crm");
        var id = await OAuthServer.AddWorkflowAsync(server, "crm", "tell");
        await OAuthServer.ConnectAsync(server, service, "crm");
        service.Revoke();
        var gate = new TaskCompletionSource();
        service.Gate = gate.Task;
        await server.RunByIdAsync(id);
        await server.Receiver.NextAsync("/crm/token"); // of connecting
        await server.Receiver.NextAsync("/crm/token");
        await server.CrashAsync();
        service.Gate = Task.CompletedTask;
        await server.StartAsync();

        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM deliveries WHERE state = 'succeeded'") == 1);
        gate.SetResult();
    }

    [Fact]
    public async Task TwoServersOfOneDatabase_RenewOnce()
    {
        Assert.SkipUnless(TestDatabase.IsPostgres, "On SQLite a data folder has one server.");
        var key = ("AUTOMATION_SECRETS_KEY", Convert.ToBase64String(new byte[32]));
        await using var one = await WorkflowServer.StartAsync(key);
        var service = OAuthServer.Add(one, "crm");
        var id = await OAuthServer.AddWorkflowAsync(one, "crm");
        await using var two = await WorkflowServer.StartAsync(("Database", one.Database.Address), ("Server:Name", "two"), ("Workflows:Folder", Path.Combine(one.Folder, "workflows")), ("Secrets:Folder", Path.Combine(one.Data, "secrets")), key);
        await OAuthServer.ConnectAsync(one, service, "crm");
        var gate = new TaskCompletionSource();
        service.Revoke();
        service.Gate = gate.Task;
        var runs = new[] { one.RunByIdAsync(id), two.RunByIdAsync(id), one.RunByIdAsync(id), two.RunByIdAsync(id) };
        await one.Receiver.NextAsync("/crm/token");
        await one.Receiver.NextAsync("/crm/token");
        gate.SetResult();

        Assert.All(await Task.WhenAll(runs), run => Assert.Equal("succeeded", run.State));
        Assert.Equal(["authorization_code", "refresh_token"], service.Grants);
    }
}
