using Automation.Server.Access;
using Automation.Server.Triggers.Mqtt;
using Automation.Server.Workflows;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Automation.Server.Hosting;

/// <summary>What a person wants to know once the server runs: what it loaded, where it listens, how to get in.</summary>
internal static class Banner
{
    public static void Write(WebApplication app, TextWriter output)
    {
        var workflows = app.Services.GetRequiredService<WorkflowCatalog>().Current.Workflows.Values;
        var active = workflows.Count(w => w is { Enabled: true, Version: not null });
        var withProblems = workflows.Count(w => w.Problems.Count > 0);
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First().Replace("[::]", "localhost", StringComparison.Ordinal).Replace("0.0.0.0", "localhost", StringComparison.Ordinal);
        var token = app.Services.GetRequiredService<AdminToken>();
        output.WriteLine();
        output.WriteLine($"  Workflows  {active} active{(withProblems > 0 ? $", {withProblems} with problems (./automation validate lists them)" : "")}");
        output.WriteLine($"  Webhooks   {address}/hooks/<path>");
        if (app.Services.GetRequiredService<EmbeddedBroker>().EndPoint is { } mqtt) output.WriteLine($"  MQTT       mqtt://{mqtt} (from this machine, without a password; Mqtt:Host and Mqtt:AllowAnonymous open it to others)");
        output.WriteLine($"  Browser    {address}/?token={token.Value}");
        output.WriteLine($"  API        {address}/api with the header Authorization: Bearer {token.Value}");
        output.WriteLine();
    }
}
