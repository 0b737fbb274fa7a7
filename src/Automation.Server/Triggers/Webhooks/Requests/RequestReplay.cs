using System.Net;
using System.Text.Json;
using Automation.Server.Storage.Management;
using Automation.Server.Triggers.Webhooks.Bodies;
using Automation.Server.Triggers.Webhooks.CloudEvents;
using Automation.Server.Values;

namespace Automation.Server.Triggers.Webhooks.Requests;

/// <summary>Gives a request that was kept, or an event that came by a webhook, to the workflows that take its path now: as a test, without verification, filters and limits.</summary>
internal sealed class RequestReplay(WebhookRoutes routes, AcceptEvents accept, IdSource ids, TimeProvider time)
{
    /// <summary>What became of it; null when no active workflow takes the path and method.</summary>
    public Task<ReplayedRequest?> ReplayAsync(RequestRow row)
    {
        var context = new DefaultHttpContext();
        foreach (var header in JsonDocument.Parse(row.Headers).RootElement.EnumerateObject()) context.Request.Headers[header.Name] = header.Value.GetString();
        context.Request.QueryString = new QueryString(row.Query);
        return ReplayAsync(context, row.Method, row.Path, row.ContentType, row.RemoteAddress, row.Body);
    }

    /// <inheritdoc cref="ReplayAsync(RequestRow)"/>
    public Task<ReplayedRequest?> ReplayAsync(EventRow row)
    {
        using var attributes = JsonDocument.Parse(row.Attributes);
        var of = attributes.RootElement;
        var context = new DefaultHttpContext();
        foreach (var header in of.GetProperty("headers").EnumerateObject()) context.Request.Headers[header.Name] = header.Value.GetString();
        var query = QueryString.Empty;
        foreach (var parameter in of.GetProperty("query").EnumerateObject())
        {
            if (parameter.Value.ValueKind is not JsonValueKind.Array) query = query.Add(parameter.Name, parameter.Value.GetString() ?? "");
            else query = parameter.Value.EnumerateArray().Aggregate(query, (all, value) => all.Add(parameter.Name, value.GetString() ?? ""));
        }

        context.Request.QueryString = query;
        var address = of.TryGetProperty("remoteAddress", out var sender) ? sender.GetString() : null;
        return ReplayAsync(context, of.GetProperty("method").GetString()!, of.GetProperty("path").GetString()!, row.ContentType, address, row.Body);
    }

    private async Task<ReplayedRequest?> ReplayAsync(DefaultHttpContext context, string method, string path, string? contentType, string? address, byte[] body)
    {
        var methods = WebhookMethodNames.Of(method);
        var matches = routes.Current.Match(path).FindAll(match => (match.Route.Methods & methods) != 0);
        if (matches.Count == 0) return null;
        context.Request.Method = method;
        context.Request.ContentType = contentType;
        context.Connection.RemoteIpAddress = IPAddress.TryParse(address, out var known) ? known : null;
        CloudEvent? cloudEvent = null;
        if (MediaType.TryParse(contentType, out var type)) Admission.Content(context.Request, type, body, out cloudEvent);
        var now = time.GetUtcNow();
        var offers = ParameterGroups.Of(matches).ConvertAll(group =>
            new Offer(WebhookEvent.Create(context.Request, path, group, body, cloudEvent, ids.Next(), now), group.ConvertAll(match => match.Route.Target with { Unfiltered = true, Waits = false })));
        var result = await accept(offers, null);
        return new ReplayedRequest(result.Outcome, offers[0].Event.Id, result.Runs);
    }
}

/// <param name="Outcome">Whether it is stored.</param>
/// <param name="EventId">The new event.</param>
/// <param name="Runs">Those it started.</param>
internal sealed record ReplayedRequest(IntakeOutcome Outcome, long EventId, IReadOnlyList<long> Runs);
