using System.Text.Json;
using Automation.Server.Runs;
using Automation.Server.Secrets;
using Automation.Server.Steps.Types;
using Automation.Server.Storage;
using Automation.Server.Triggers;
using Automation.Server.Triggers.Webhooks;
using Automation.Server.Triggers.Webhooks.Bodies;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Callbacks;

/// <summary>Takes the requests to <c>/callbacks/TOKEN</c> and <c>/callbacks/TOKEN/OUTCOME</c>: the one that is stored first ends the wait, all others get 410.</summary>
/// <remarks>
/// The token lets the caller in; there is no other sign-in. A callback may come before its run waits for it: it is kept. Answers: 200 stored; 400 no such outcome; 404 no such
/// token; 405; 410 used, or the run has ended or waits no more; 413; 503 not stored, or the keys are locked: try again. They are pages for browsers, JSON for others.
/// </remarks>
internal sealed class CallbackEndpoint(ServerKeys keys, VersionLookup versions, Journal journal, RunEngine engine, BodyBudget budget, TimeProvider time)
{
    /// <summary>Largest body.</summary>
    public const int BodyBytes = 256 << 10;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public async Task HandleAsync(HttpContext context)
    {
        // The address is what lets people in: it must not leave with links, and nobody may keep the page.
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        context.Response.Headers["X-Robots-Tag"] = "noindex";
        context.Response.Headers.ContentSecurityPolicy = CallbackPage.Policy;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        try
        {
            await AnswerAsync(context);
        }
        catch (JournalException)
        {
            context.Response.Headers.RetryAfter = "1";
            await TellAsync(context, 503, "Try again", "The answer cannot be stored at the moment; nothing was taken. Send it again.");
        }
        catch (ServerKeyException)
        {
            context.Response.Headers.RetryAfter = "60";
            await TellAsync(context, 503, "Try again later", "This server cannot check links at the moment: the key that opens its own keys is missing; its log says what to do. Nothing was taken.");
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var (token, chosen) = (context.GetRouteValue("token") as string ?? "", context.GetRouteValue("outcome") as string ?? context.Request.Query["outcome"].ToString());
        if (!new CallbackTokens(keys.Of(ServerKeys.Callbacks)).TryRead(token, out var address))
        {
            await TellAsync(context, 404, "Not found", "There is no such callback.");
            return;
        }

        var run = new CallbackRead(address);
        await journal.CommitAsync(run);
        if (run.WorkflowId is null || await versions.GetAsync(run.WorkflowId, run.VersionHash!) is not { } version || !version.Callbacks.TryGetValue(address.Step, out var callback))
        {
            await TellAsync(context, 404, "Not found", "There is no such callback any more.");
            return;
        }

        if (run.Closed is { } closed)
        {
            await TellClosedAsync(context, closed);
            return;
        }

        if (chosen.Length > 0 && !callback.Choices.Contains(chosen))
        {
            await TellAsync(context, 400, "Not possible", callback.Choices.Count == 0 ? $"There is nothing to choose here, and so no \"{chosen}\"." : $"There is no \"{chosen}\" to choose here; possible are {string.Join(", ", callback.Choices)}.");
            return;
        }

        var isGet = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
        if (!isGet && !HttpMethods.IsPost(context.Request.Method))
        {
            context.Response.Headers.Allow = "GET, HEAD, POST";
            await TellAsync(context, 405, "Not possible", "Send a POST.");
        }
        else if (isGet && (HttpMethods.IsHead(context.Request.Method) || !callback.TakesGet || (callback.Choices.Count > 0 && chosen.Length == 0)))
        {
            await AskAsync(context, version.Steps[address.Step].Name, callback, token, chosen);
        }
        else if (callback.Choices.Count > 0 && chosen.Length == 0)
        {
            await TellAsync(context, 400, "Not clear", $"Say which: add /{callback.Choices[0]} to the address. Possible are {string.Join(", ", callback.Choices)}.");
        }
        else
        {
            await TakeAsync(context, address, chosen.Length > 0 ? chosen : "done");
        }
    }

    private async Task TakeAsync(HttpContext context, CallbackAddress address, string outcome)
    {
        using var share = budget.Open();
        var (body, refusal) = await RequestBody.ReadAsync(context, BodyBytes, share, Patience, time);
        if (refusal is not null)
        {
            if (refusal.Header is { } header) context.Response.Headers[header] = refusal.HeaderValue;
            await TellAsync(context, refusal.Status, "Not taken", refusal.Status == 413 ? $"The body is larger than the {BodyBytes} bytes that a callback may have." : refusal.Detail);
            return;
        }

        var data = EventData.Parse(context.Request.ContentType, body);
        if (data.IsDeeperThan(Json.DeepestOutput)) data = TextBody.Guess(body);
        var query = context.Request.Query.ToDictionary(q => q.Key, q => q.Value.Count == 1 ? Json.From(q.Value[0]) : Json.From(q.Value.ToArray()), StringComparer.Ordinal);
        var answer = Json.From(new { outcome, output = Json.From(new { data, query, method = context.Request.Method, receivedAt = time.GetUtcNow() }) });
        var taken = new CallbackTaken(address, answer, time.GetUtcNow());
        await journal.CommitAsync(taken);
        if (taken.Closed is { } closed)
        {
            await TellClosedAsync(context, closed);
            return;
        }

        engine.TakeUp(taken.Ended);
        await TellAsync(context, 200, "Thank you", outcome == "done" ? "The answer was taken." : $"The answer \"{outcome}\" was taken.", outcome);
    }

    private static Task AskAsync(HttpContext context, string step, WaitStep.CallbackConfig callback, string token, string chosen)
    {
        var choices = chosen.Length > 0 ? [chosen] : callback.Choices;
        // Relative: a proxy may show the page below a path that is not seen here.
        var levels = context.Request.Path.Value![CallbacksFeature.Prefix.Length..].Count(c => c == '/') - 1;
        var path = string.Concat(Enumerable.Repeat("../", levels)) + token;
        return WriteAsync(context, 200, "text/html; charset=utf-8", CallbackPage.Ask(step, choices.Count == 0 ? [("Confirm", path)] : choices.Select(choice => (choice, $"{path}/{choice}"))));
    }

    private static Task TellClosedAsync(HttpContext context, CallbackClosed closed) => TellAsync(context, 410, "Too late", closed switch
    {
        CallbackClosed.Used => "This link has been used before; it can be used once.",
        CallbackClosed.TooLate => "The answer is not waited for any more.",
        _ => "The run that asked has ended.",
    });

    private static Task TellAsync(HttpContext context, int status, string title, string sentence, string? outcome = null)
    {
        if (context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase)) return WriteAsync(context, status, "text/html; charset=utf-8", CallbackPage.Tell(title, sentence));
        return outcome is not null
            ? WriteAsync(context, status, "application/json", JsonSerializer.Serialize(new { outcome }))
            : WriteAsync(context, status, "application/problem+json", JsonSerializer.Serialize(new { type = "about:blank", title, status, detail = sentence }));
    }

    private static Task WriteAsync(HttpContext context, int status, string contentType, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.WriteAsync(text);
    }
}
