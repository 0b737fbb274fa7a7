using Automation.Server.Access;
using Automation.Server.Triggers.Mqtt;
using Automation.Server.Workflows;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

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
        var broker = app.Services.GetRequiredService<EmbeddedBroker>();
        foreach (var (number, mqtt) in broker.Addresses.Index()) output.WriteLine(number == 0 ? $"  MQTT       {mqtt} ({broker.Clients})" : $"             {mqtt}");
        foreach (var line in WaysIn(address, token, app.Services.GetRequiredService<IOptions<AccessOptions>>().Value.AllowAdminToken)) output.WriteLine(line);
        if (app.Services.GetRequiredService<SetUpCode>().Value is { } code) output.WriteLine($"  Set up     {address}/set-up?code={code} makes the first user; once, within a day");
        output.WriteLine();
    }

    /// <summary>
    /// The link and the header with the token, when this server made it and keeps it in its file; a token that was configured is not shown, because
    /// what is printed here is also what containers log (P7).
    /// </summary>
    /// <param name="allowsToken">Whether the admin token opens the API (<c>Access:AllowAdminToken</c>).</param>
    internal static IEnumerable<string> WaysIn(string address, AdminToken token, bool allowsToken)
    {
        if (!allowsToken)
        {
            yield return $"  Browser    {address}/sign-in";
            yield return $"  API        {address}/api with the header Authorization: Bearer and a token that POST /api/tokens made";
            yield break;
        }

        var shown = token.File is null ? "<token>" : token.Value;
        yield return $"  Browser    {address}/?token={shown}";
        yield return $"  API        {address}/api with the header Authorization: Bearer {shown}";
        if (token.File is null) yield return $"  Token      the one that {AdminToken.Variable} gives";
    }
}
