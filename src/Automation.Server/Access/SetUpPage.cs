using Automation.Server.Storage;

namespace Automation.Server.Access;

/// <summary><c>/set-up?code=…</c>: makes the first user, an admin, with a password of the user's own choice. The link is printed at the start and works once.</summary>
internal static class SetUpPage
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/set-up", GetAsync).ExcludeFromDescription();
        routes.MapPost("/set-up", PostAsync).ExcludeFromDescription();
    }

    private static async Task GetAsync(HttpContext context, AccessCheck access, SetUpCode setUp)
    {
        var code = context.Request.Query["code"].ToString();
        if (await IsOpenAsync(context, access, setUp, code)) await WriteAsync(context, StatusCodes.Status200OK, code, null, "");
    }

    private static async Task PostAsync(HttpContext context, AccessCheck access, SetUpCode setUp, Passwords passwords, AccessDirectory directory, Session session, AuditLog audit, TimeProvider time)
    {
        if (!Session.IsSameOrigin(context.Request))
        {
            await Page.WriteAsync(context, StatusCodes.Status403Forbidden, "Set up", "<p class=\"problem\">This form came from a page of another site.</p>");
            return;
        }

        var form = await Page.FormAsync(context);
        var (code, name, password, again) = (form?["code"].ToString() ?? "", form?["user"].ToString() ?? "", form?["password"].ToString() ?? "", form?["again"].ToString() ?? "");
        if (!await IsOpenAsync(context, access, setUp, code)) return;
        if ((UserNames.WhyNot(name) ?? Passwords.WhyNot(password, name) ?? (password == again ? null : "The two passwords differ.")) is { } problem)
        {
            await WriteAsync(context, StatusCodes.Status400BadRequest, code, problem, name.Length > 64 ? "" : name);
            return;
        }

        var first = new UserSet(name, "admin", await Task.Run(() => passwords.Hash(password)), null, "set-up", time.GetUtcNow(), OnlyFirst: true, AccessDirectory.MaxUsers);
        await directory.CommitAsync(first);
        if (first is not { Refusal: AccessRefusal.None, After: { } user })
        {
            await IsOpenAsync(context, access, setUp, code);
            return;
        }

        await audit.NoteSignInAsync(context, "setUp", "user:" + name, StatusCodes.Status200OK);
        if (await session.StartAsync(context, user) is { } cookie) session.Give(context, cookie);
        Page.Redirect(context, "/");
    }

    private static async Task<bool> IsOpenAsync(HttpContext context, AccessCheck access, SetUpCode setUp, string code)
    {
        if (await access.HasToWaitAsync(context)) return false;
        if (setUp.IsCode(code)) return true;
        if (setUp.IsOpen) access.CountWrong(context);
        await Page.WriteAsync(context, StatusCodes.Status403Forbidden, "Set up", setUp.IsOpen
            ? "<p class=\"problem\">This is not the code of this start. Open the link that the server printed last.</p>"
            : "<p class=\"problem\">The server is set up, or the link is more than a day old. <a href=\"/sign-in\">Sign in</a>; when there is no user yet, start the server again for a new link.</p>");
        return false;
    }

    private static Task WriteAsync(HttpContext context, int status, string code, string? problem, string name) => Page.WriteAsync(context, status, "Set up", $"""
        {(problem is null ? "" : $"<p class=\"problem\" role=\"alert\">{Page.Encode(problem)}</p>")}
        <p>Make the first user. It may do everything.</p>
        <form method="post" action="/set-up">
        <input type="hidden" name="code" value="{Page.Encode(code)}">
        <label>User name<input name="user" autocomplete="username" autocapitalize="none" spellcheck="false" required maxlength="64" value="{Page.Encode(name)}" autofocus></label>
        <label>Password<input name="password" type="password" autocomplete="new-password" required minlength="{Passwords.Shortest}" maxlength="{Passwords.Longest}"></label>
        <label>Password again<input name="again" type="password" autocomplete="new-password" required minlength="{Passwords.Shortest}" maxlength="{Passwords.Longest}"></label>
        <button>Make the user</button>
        </form>
        <p class="hint">{Passwords.Shortest} characters or more; a few words are good.</p>
        """);
}
