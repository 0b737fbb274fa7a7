# Build: server and sandbox. Only what restoring needs is copied first, so that a change of code does not restore again.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS server
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src/Automation.Mqtt/Automation.Mqtt.csproj src/Automation.Mqtt/packages.lock.json src/Automation.Mqtt/
COPY src/Automation.Server/Automation.Server.csproj src/Automation.Server/packages.lock.json src/Automation.Server/
RUN dotnet restore src/Automation.Server --locked-mode
COPY src/Automation.Mqtt src/Automation.Mqtt
COPY src/Automation.Server src/Automation.Server
COPY src/Automation.Sandbox src/Automation.Sandbox
RUN dotnet publish src/Automation.Server --no-restore --configuration Release --output /app

FROM node:20-bookworm-slim AS sandbox
WORKDIR /sandbox
COPY src/Automation.Sandbox/package.json src/Automation.Sandbox/package-lock.json src/Automation.Sandbox/.npmrc ./
RUN npm ci --ignore-scripts
COPY src/Automation.Sandbox ./

FROM node:20-bookworm-slim AS designer
WORKDIR /source/src/Automation.Designer
COPY src/Automation.Designer/package.json src/Automation.Designer/package-lock.json src/Automation.Designer/.npmrc ./
RUN npm ci --ignore-scripts
COPY src/Automation.Designer ./
COPY workflows /source/workflows
RUN DESIGNER_OUT=/wwwroot npm run build

FROM mcr.microsoft.com/dotnet/aspnet:10.0
# git: the designer commits what it saves when /workflows is a repository, also one that somebody else owns.
RUN apt-get update && apt-get install -y --no-install-recommends curl git && rm -rf /var/lib/apt/lists/* && git config --system safe.directory /workflows
WORKDIR /app
COPY --from=server /app ./
COPY --from=designer /wwwroot /app/wwwroot
COPY --from=sandbox /sandbox /sandbox
COPY workflows /workflows
RUN mkdir /data && chown -R app:app /data /workflows
USER app
ENV Urls=http://0.0.0.0:8080 \
    Mqtt__Host=0.0.0.0 \
    Data__Folder=/data \
    Workflows__Folder=/workflows \
    Sandbox__Folder=/sandbox
VOLUME /data
EXPOSE 8080 1883
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD curl -fsS http://127.0.0.1:8080/health/ready || exit 1
ENTRYPOINT ["dotnet", "Automation.Server.dll"]
CMD ["serve"]
