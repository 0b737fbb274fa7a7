using Automation.Server.Access;
using Automation.Server.Api;
using Automation.Server.Deliveries;
using Automation.Server.Runs;
using Automation.Server.Sandbox;
using Automation.Server.Secrets;
using Automation.Server.Storage;
using Automation.Server.Triggers.Mqtt;
using Automation.Server.Triggers.Webhooks;
using Automation.Server.Workflows;

namespace Automation.Server.Hosting;

/// <summary>Puts the server together: one line a concern.</summary>
internal static class ServerBuilder
{
    /// <exception cref="StartupException">The options cannot be met.</exception>
    public static WebApplication Build(IReadOnlyDictionary<string, string?> settings)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddInMemoryCollection(settings);
        builder.AddHosting();
        builder.Services.AddStorage(builder.Configuration);
        builder.Services.AddSecrets(builder.Configuration);
        builder.Services.AddAccess(builder.Configuration);
        builder.Services.AddSandbox(builder.Configuration);
        builder.Services.AddWorkflows(builder.Configuration);
        builder.Services.AddDeliveries(builder.Configuration);
        builder.Services.AddRuns(builder.Configuration);
        builder.Services.AddWebhooks();
        builder.Services.AddMqtt(builder.Configuration);
        builder.Services.AddApi();

        var app = builder.Build();
        app.MapWebhooks();
        app.UseAccess();
        app.MapApi();
        return app;
    }
}
