namespace Automation.Server.Access;

/// <summary><c>/sign-in</c>, which leads on to its <see cref="ReturnAddress"/>, and <c>/sign-out</c>. Forms are taken from pages of this server only.</summary>
internal static class SignInPage
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/sign-in", GetAsync).ExcludeFromDescription();
        routes.MapPost("/sign-in", PostAsync).ExcludeFromDescription();
        routes.MapPost("/sign-out", SignOutAsync).ExcludeFromDescription();
    }

    private static async Task GetAsync(HttpContext context, Session session, SetUpCode setUp)
    {
        if (await session.CallerOfAsync(context.Request) is not null) Page.Redirect(context, ReturnOf(context));
        else await WriteAsync(context, StatusCodes.Status200OK, setUp, null, "");
    }

    private static async Task PostAsync(HttpContext context, AccessCheck access, Passwords passwords, Session session, SetUpCode setUp, AuditLog audit, ILogger<AccessCheck> log)
    {
        if (!Session.IsSameOrigin(context.Request))
        {
            await WriteAsync(context, StatusCodes.Status403Forbidden, setUp, "This form came from a page of another site. Sign in here.", "");
            return;
        }

        var form = await Page.FormAsync(context);
        var (name, password) = (form?["user"].ToString() ?? "", form?["password"].ToString() ?? "");
        if (name.Length is 0 or > 128 || password.Length == 0)
        {
            await WriteAsync(context, StatusCodes.Status400BadRequest, setUp, "Give a user name and a password.", name.Length > 128 ? "" : name);
            return;
        }

        if (await access.HasToWaitAsync(context)) return;
        var answer = await passwords.CheckAsync(name, password, context.Connection.RemoteIpAddress);
        if (answer.User is not { } user || await session.StartAsync(context, user, answer.NewerHash) is not { } cookie)
        {
            Log.SignInFailed(log, context.Connection.RemoteIpAddress);
            var (status, problem) = answer switch
            {
                { IsBusy: true } => (StatusCodes.Status503ServiceUnavailable, "Too many sign-ins are being checked. Try again in a few seconds."),
                { Wait.Ticks: > 0 } => (StatusCodes.Status429TooManyRequests, $"Too many wrong passwords. Wait {AccessCheck.Seconds(answer.Wait)} seconds."),
                _ => (StatusCodes.Status401Unauthorized, "The user name or the password is wrong."),
            };
            await audit.NoteSignInAsync(context, "signIn", "user:" + (UserNames.WhyNot(name) is null ? name : "?"), status);
            if (answer.Wait > TimeSpan.Zero) context.Response.Headers.RetryAfter = AccessCheck.Seconds(answer.Wait);
            await WriteAsync(context, status, setUp, problem, name);
            return;
        }

        await audit.NoteSignInAsync(context, "signIn", "user:" + user.Name, StatusCodes.Status200OK);
        session.Give(context, cookie);
        Page.Redirect(context, ReturnOf(context));
    }

    private static async Task SignOutAsync(HttpContext context, Session session, AuditLog audit)
    {
        if (!Session.IsSameOrigin(context.Request))
        {
            await Page.WriteAsync(context, StatusCodes.Status403Forbidden, "Sign out", "<p class=\"problem\">This came from a page of another site.</p>");
            return;
        }

        if (await session.CallerOfAsync(context.Request) is { } caller) await audit.NoteSignInAsync(context, "signOut", caller.Actor, StatusCodes.Status200OK);
        await session.EndAsync(context);
        Page.Redirect(context, "/sign-in");
    }

    private static string ReturnOf(HttpContext context) => ReturnAddress.Of(context.Request.Query[ReturnAddress.Parameter] is [var one] ? one : null);

    private static Task WriteAsync(HttpContext context, int status, SetUpCode setUp, string? problem, string name) => Page.WriteAsync(context, status, "Sign in", $"""
        {(problem is null ? "" : $"<p class=\"problem\" role=\"alert\">{Page.Encode(problem)}</p>")}
        <form method="post" action="{Page.Encode(ReturnAddress.SignIn(ReturnOf(context)))}">
        <label>User name<input name="user" autocomplete="username" autocapitalize="none" spellcheck="false" required maxlength="128" value="{Page.Encode(name)}" autofocus></label>
        <label>Password<input name="password" type="password" autocomplete="current-password" required maxlength="{Passwords.Longest}"></label>
        <button>Sign in</button>
        </form>
        {(setUp.IsOpen ? "<p class=\"hint\">There are no users yet. Open the set-up link that the server printed when it started, or the link with its token.</p>" : "")}
        """);
}
